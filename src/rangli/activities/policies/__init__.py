"""Stacking policies: how activities share the work on a price, as data.

spec              what an operator decides, within which bounds
presets           the policies that come with rangli, read from the folder's YAML files
store, service    versions, and which channel uses which; their use cases
rpc               the service
picture           a policy as an SVG
STACKING.md       stacking in five minutes, for operators
"""
