"""The feed: messages that somebody follows live in a browser, a terminal or an own app, and answers there."""
