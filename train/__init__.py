"""Make the models: data, networks, fitting, quantisation, evaluation."""
