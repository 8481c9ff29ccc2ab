// dynamoose: models that make their own tables, with indexes, conditions and transactions.
const assert = require("node:assert/strict");
const dynamoose = require("dynamoose");

dynamoose.aws.ddb.set(new dynamoose.aws.ddb.DynamoDB({}));

async function main() {
  const schema = new dynamoose.Schema({
    id: { type: String, hashKey: true },
    at: { type: Number, rangeKey: true },
    owner: { type: String, index: { name: "by-owner", type: "global" } },
    name: { type: String, required: true },
    tags: { type: Set, schema: [String] },
    address: { type: Object, schema: { city: String, zip: Number } },
    when: Date,
  }, { timestamps: true });
  const Thing = dynamoose.model("Thing", schema, {
    throughput: "ON_DEMAND", waitForActive: { enabled: true, check: { frequency: 100 } },
    expires: { ttl: 3600, attribute: "until" },
  });
  new dynamoose.Table("things", [Thing], {
    throughput: "ON_DEMAND", waitForActive: { enabled: true, check: { frequency: 100 } },
  });
  const when = new Date(1700000000000);
  await Thing.create({
    id: "a", at: 1, owner: "me", name: "first", tags: new Set(["x"]), when,
    address: { city: "Köln", zip: 50667 },
  });
  await Thing.batchPut([2, 3, 4].map((at) => ({ id: "a", at, owner: "me", name: `n${at}` })));
  await assert.rejects(Thing.create({ id: "a", at: 1, name: "again" }), {
    name: "ConditionalCheckFailedException",
  });
  await assert.rejects(Thing.create({ id: "b", at: 1 }), { name: "ValidationError" });
  const one = await Thing.get({ id: "a", at: 1 });
  assert.equal(one.address.city, "Köln");
  assert.deepEqual([...one.tags], ["x"]);
  assert.equal(one.when.getTime(), when.getTime());
  one.name = "changed";
  await one.save();
  await Thing.update({ id: "a", at: 2 }, { $SET: { name: "two" }, $REMOVE: ["owner"] });
  const mine = await Thing.query("owner").eq("me").using("by-owner").exec();
  assert.equal(mine.count, 3);
  const late = await Thing.query("id").eq("a").where("at").ge(2).sort("descending").limit(2).exec();
  assert.deepEqual(late.map((each) => each.at), [4, 3]);
  assert.ok(late.lastKey);
  const scanned = await Thing.scan("name").contains("n").exec();
  assert.deepEqual(scanned.map((each) => each.name).sort(), ["changed", "n3", "n4"]);
  await dynamoose.transaction([
    Thing.transaction.create({ id: "t", at: 1, name: "in a transaction" }),
    Thing.transaction.update({ id: "a", at: 1 }, { name: "last" }),
  ]);
  const got = await Thing.batchGet([{ id: "t", at: 1 }, { id: "a", at: 1 }]);
  assert.equal(got.length, 2);
  await Thing.delete({ id: "t", at: 1 });
  assert.equal(await Thing.get({ id: "t", at: 1 }), undefined);
}

main().then(() => console.log("fine"));
