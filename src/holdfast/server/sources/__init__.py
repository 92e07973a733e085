"""Where data come from: webhooks, a folder a source, and files uploaded in the browser."""
