"""What words sound like in German, French and Spanish, from -4 to 4 (`tones.py` reads them).

Only words about feelings and service: what breaks, fails or stops is a ticket's matter, not its mood.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .tones import Tones


def _valued(lists: Mapping[float, str]) -> dict[str, float]:
    return {word: valence for valence, words in lists.items() for word in words.split()}


def _folded(words: str) -> frozenset[str]:
    return frozenset(words.split())


_GERMAN: Final = Tones(
    words=_valued({
        -3.2: "inakzeptabel inakzeptable unverschämt unverschämtheit frechheit unzumutbar skandal skandalös"
        " katastrophal katastrophe abzocke betrug betrüger saftladen wütend stinksauer schlechteste"
        " schlechtester schlechtesten unterirdisch zumutung sauerei",
        -2.6: "schrecklich furchtbar grauenhaft lächerlich unfassbar empört empörend entsetzt inkompetent"
        " inkompetenz unprofessionell ärgert verarscht zeitverschwendung hinhaltetaktik",
        -2.2: "frustriert frustrierend frust enttäuscht enttäuschend enttäuschung verärgert sauer ärgerlich"
        " unzufrieden nervt nervig genervt unbrauchbar nutzlos verzweifelt mies miserabel peinlich",
        -1.5: "schlecht schlechter ärger beschwerde beschweren",
        1.0: "danke dankeschön gelöst behoben ok",
        1.8: "gut freundlich hilfreich schnell zufrieden prima froh",
        2.8: "super toll perfekt klasse wunderbar begeistert ausgezeichnet großartig hervorragend spitze",
    }),
    phrases={
        "es reicht": -2.6, "reicht es": -2.2, "zum letzten mal": -2.6, "nie wieder": -2.4,
        "seit wochen": -0.8, "immer noch nicht": -1.0, "schon wieder": -0.8, "zum dritten mal": -1.2,
        "keine antwort": -1.0, "keiner antwortet": -1.6, "niemand antwortet": -1.6, "geld zurück": -1.0,
        "so gut wie": 0.0, "sehr geehrte": 0.0, "mit freundlichen grüßen": 0.0, "freundliche grüße": 0.0,
        "mit freundlichen": 0.0, "freundlichen grüßen": 0.0, "so schnell wie": 0.0, "möglichst schnell": 0.0,
        "danke im voraus": 0.0, "vielen dank im": 0.0, "zu gut": 0.0, "geht wieder": 1.2,
        "funktioniert wieder": 1.2, "läuft wieder": 1.2,
    },
    negations=_folded("nicht kein keine keinen keiner keinem nie niemals kaum weder ohne"),
    stronger=_folded("sehr absolut total völlig extrem wirklich äußerst richtig so dermaßen echt höchst"),
)  # fmt: skip

_FRENCH: Final = Tones(
    words=_valued({
        -3.2: "inacceptable inacceptables inadmissible honteux honteuse scandaleux scandaleuse scandale"
        " catastrophique catastrophe arnaque arnaqueurs escroquerie furieux furieuse lamentable pire"
        " intolérable foutage",
        -2.6: "horrible épouvantable insupportable ridicule incompétent incompétente incompétents"
        " incompétence révoltant indigne colère scandalisé scandalisée",
        -2.2: "frustré frustrée frustrant frustrante déçu déçue déçus décevant décevante déception"
        " mécontent mécontente énervé énervée énervant agacé agacée agaçant marre pénible inutile"
        " désespéré désespérée insatisfait insatisfaite nul nulle",
        -1.5: "mauvais mauvaise réclamation plainte ennuyé ennuyée",
        1.0: "merci résolu résolue réglé réglée",
        1.8: "bien content contente satisfait satisfaite utile rapide sympathique aimable",
        2.8: "super parfait parfaite excellent excellente génial géniale ravi ravie formidable impeccable",
    }),
    phrases={
        "ras le bol": -2.8, "ça suffit": -2.6, "plus jamais": -2.4, "en avoir marre": -2.4,
        "toujours pas": -0.9, "toujours rien": -1.2, "aucune réponse": -1.0, "pas de réponse": -1.0,
        "personne ne répond": -1.6, "perte de temps": -2.2, "troisième fois": -1.2,
        "rembourser": -0.6, "merci d'avance": 0.0, "merci de": 0.0, "merci par avance": 0.0,
        "bien à vous": 0.0, "bien cordialement": 0.0, "ou bien": 0.0, "bien que": 0.0, "si bien que": 0.0,
        "eh bien": 0.0, "valeur nulle": 0.0, "marche à nouveau": 1.2, "fonctionne à nouveau": 1.2,
        "je veux bien": 0.0, "pas content": -2.2, "pas contente": -2.2,
    },
    negations=_folded("pas jamais aucun aucune rien ni sans guère"),
    stronger=_folded("très vraiment absolument totalement complètement extrêmement tellement trop si"),
)  # fmt: skip

_SPANISH: Final = Tones(
    words=_valued({
        -3.2: "inaceptable inaceptables vergonzoso vergonzosa vergüenza escándalo escandaloso pésimo pésima"
        " peor estafa estafadores furioso furiosa indignante indignado indignada intolerable ladrones",
        -2.6: "terrible horrible lamentable ridículo ridícula insoportable incompetente incompetentes"
        " incompetencia desastre desastroso desastrosa asco rabia",
        -2.2: "frustrado frustrada frustrante frustración decepcionado decepcionada decepcionante"
        " decepción enfadado enfadada enojado enojada molesto molesta harto harta inútil insatisfecho"
        " insatisfecha descontento descontenta desesperado desesperada",
        -1.5: "malo mala mal queja reclamo quejarme",
        1.0: "gracias resuelto resuelta solucionado solucionada",
        1.8: "bien bueno buena contento contenta satisfecho satisfecha amable útil rápido rápida",
        2.8: "excelente perfecto perfecta genial encantado encantada estupendo fantástico maravilloso",
    }),
    phrases={
        "ya basta": -2.6, "hasta cuándo": -1.8, "nunca más": -2.4, "pérdida de tiempo": -2.2,
        "todavía no": -0.8, "sigue sin": -0.9, "nadie responde": -1.6, "nadie contesta": -1.6,
        "sin respuesta": -1.0, "tercera vez": -1.2, "otra vez más": -0.8, "mi dinero": -0.6,
        "gracias de antemano": 0.0, "gracias por adelantado": 0.0, "buenos días": 0.0,
        "buenas tardes": 0.0, "buena tarde": 0.0, "más bien": 0.0, "o bien": 0.0, "si bien": 0.0,
        "funciona de nuevo": 1.2, "ya funciona": 1.2, "no es bueno": -1.5,
    },
    negations=_folded("no nunca jamás ningún ninguna nada sin tampoco apenas"),
    stronger=_folded("muy realmente absolutamente totalmente completamente extremadamente tan demasiado"),
)  # fmt: skip

#: By ISO 639 code.
TONES: Final[Mapping[str, Tones]] = {"de": _GERMAN, "fr": _FRENCH, "es": _SPANISH}
