"""What is offered: templates, activities and their life, price books, and the compiled catalogue.

spec, templates      what an operator decides, within which bounds
effects, conditions  what an activity does to a price, and when
measures, multiplier how a cart is measured, and how often an activity is given
stacking, rounding   who else may act beside it; how its amounts are rounded
targets, scope       products, stores and shoppers: as stated, and as carts ask
bounds               types of fields, with the bounds that several share
model, service       the life of an activity; its use cases
entries, entry_*     price entries and their import
lists, compiling     from a spec to what the price kernel reads
live, program        a published activity, compiled
matching, pricebook  which activities and entries a product touches
policies             how activities share the work on a price; presets; pictures
catalogue            all of it, immutable and versioned
funding              what budget pools leave to activities: shown, slowed, paused
loader, feed         from the tables to catalogues that follow every change
past, drafts         catalogues as they were, and as they would be
rpc, forms           the service; its forms as data
"""
