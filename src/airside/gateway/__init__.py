"""What the gateways in front of functions share: routes, rate limits, calls, access logs."""
