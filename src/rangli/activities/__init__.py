"""What is offered: templates, activities and their life, price books, and the compiled catalogue.

spec, templates      what an operator decides, within which bounds
effects, conditions  what an activity does to a price, and when
targets, scope       products, stores and shoppers: as stated, and as carts ask
model, service       the life of an activity; its use cases
entries, entry_*     price entries and their import
live, program        a published activity, compiled
matching, pricebook  which activities and entries a product touches
catalogue            all of it, immutable and versioned
loader, feed         from the tables to catalogues that follow every change
rpc, forms           the service; its forms as data
"""
