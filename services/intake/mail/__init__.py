"""Mail: one message of whatever form, read into what the customer wishes for."""
