// Medusa's promotion module, asked by lines of JSON: {"load": {...}} once, then {"carts": [...],
// "repeats": n}. Answers each with one line. What is timed is computeActions alone.
//
// The module reads its promotions from PostgreSQL; here they are plain objects in memory, in the
// order in which its query returns them (the application method's value, falling).
"use strict";

const readline = require("node:readline");
const Service = require("@medusajs/promotion/dist/services/promotion-module").default;
const { MathBN } = require("@medusajs/framework/utils");

// More than the units of any line: without it the module discounts one unit of each.
const ALL_UNITS = 1000;
const ATTRIBUTES = {
  category: "items.product.categories.id",
  brand: "items.product.tags.id",
  shelf: "items.product.type_id",
};

class InMemory extends Service {
  promotions = [];

  async listActivePromotions_() {
    return this.promotions;
  }
}

const service = new InMemory({ baseRepository: { getFreshManager: () => ({}) } }, {});
let products = new Map();
let codes = [];

function rule(attribute, operator, value) {
  return { attribute, operator, values: [{ value }] };
}

function promotion(told) {
  const percent = told.kind === "percent";
  return {
    id: told.code,
    code: told.code,
    type: "standard",
    status: "active",
    is_automatic: false,
    is_tax_inclusive: false,
    rules: told.min_cart_cents
      ? [rule("subtotal", "gte", String(told.min_cart_cents / 100))]
      : [],
    application_method: {
      value: percent ? told.value : told.value / 100,
      type: percent ? "percentage" : "fixed",
      target_type: "items",
      allocation: "each",
      max_quantity: told.kind === "once" ? 1 : ALL_UNITS,
      currency_code: "usd",
      target_rules: [rule(ATTRIBUTES[told.attribute], "in", told.subject)],
      buy_rules: [],
    },
  };
}

function load({ products: some, promotions }) {
  products = new Map(some.map((product) => [product.sku, product]));
  service.promotions = promotions
    .map(promotion)
    .sort((one, other) => other.application_method.value - one.application_method.value);
  codes = promotions.map(({ code }) => code);
  return { loaded: codes.length };
}

function context(cart) {
  const items = cart.map(({ sku, quantity }) => {
    const { price_cents: cents, category, brand, shelf } = products.get(sku);
    const subtotal = (cents / 100) * quantity;
    return {
      id: sku,
      quantity,
      subtotal,
      original_total: subtotal,
      is_discountable: true,
      product: {
        id: sku,
        type_id: shelf,
        categories: [{ id: category }],
        tags: [{ id: brand }],
      },
    };
  });
  return {
    currency_code: "usd",
    subtotal: items.reduce((sum, { subtotal }) => sum + subtotal, 0),
    items,
  };
}

function discounts(cart, actions) {
  const off = new Map(cart.map(({ sku }) => [sku, MathBN.convert(0)]));
  for (const { action, item_id: id, amount } of actions) {
    if (action !== "addItemAdjustment") throw new Error(`unexpected ${action}`);
    off.set(id, MathBN.add(off.get(id), amount));
  }
  // Cents as they are: a fraction would show.
  return cart.map(({ sku }) => MathBN.mult(off.get(sku), 100).toNumber());
}

async function price({ carts, repeats }) {
  const contexts = carts.map(context);
  let answers = [];
  const started = performance.now();
  for (let repeat = 0; repeat < repeats; repeat++) {
    answers = [];
    for (const one of contexts) {
      answers.push(await service.computeActions(codes, one, { prevent_auto_promotions: true }));
    }
  }
  const seconds = (performance.now() - started) / 1000;
  return { seconds, discounts: carts.map((cart, number) => discounts(cart, answers[number])) };
}

async function main() {
  const version = require("@medusajs/promotion/package.json").version;
  console.log(JSON.stringify({ versions: { medusa: version, node: process.versions.node } }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line);
    console.log(JSON.stringify(asked.load ? load(asked.load) : await price(asked)));
  }
}

main();
