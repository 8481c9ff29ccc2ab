// AWS SDK for JavaScript v3: the plain and the document client, paginators and waiters.
const assert = require("node:assert/strict");
const {
  DynamoDBClient, CreateTableCommand, UpdateTimeToLiveCommand, waitUntilTableExists,
  ConditionalCheckFailedException, DeleteTableCommand, waitUntilTableNotExists,
} = require("@aws-sdk/client-dynamodb");
const {
  DynamoDBDocumentClient, PutCommand, GetCommand, UpdateCommand, DeleteCommand, QueryCommand,
  BatchWriteCommand, BatchGetCommand, TransactWriteCommand, TransactGetCommand,
  ExecuteStatementCommand, paginateScan, paginateQuery,
} = require("@aws-sdk/lib-dynamodb");

const TableName = "documents";

async function main() {
  const client = new DynamoDBClient({});
  const documents = DynamoDBDocumentClient.from(client, {
    marshallOptions: { removeUndefinedValues: true },
  });
  await client.send(new CreateTableCommand({
    TableName, BillingMode: "PAY_PER_REQUEST",
    KeySchema: [
      { AttributeName: "author", KeyType: "HASH" }, { AttributeName: "year", KeyType: "RANGE" },
    ],
    AttributeDefinitions: [
      { AttributeName: "author", AttributeType: "S" }, { AttributeName: "year", AttributeType: "N" },
      { AttributeName: "genre", AttributeType: "S" },
    ],
    GlobalSecondaryIndexes: [{
      IndexName: "by-genre", KeySchema: [{ AttributeName: "genre", KeyType: "HASH" }],
      Projection: { ProjectionType: "ALL" },
    }],
  }));
  await waitUntilTableExists({ client, maxWaitTime: 20, minDelay: 1 }, { TableName });
  await client.send(new UpdateTimeToLiveCommand({
    TableName, TimeToLiveSpecification: { AttributeName: "until", Enabled: true },
  }));
  const Item = {
    author: "Lem", year: 1961, title: "Solaris", genre: "novel", tags: new Set(["space", "mind"]),
    nested: { list: [1, "two", null, true, { deep: [] }] }, bytes: new Uint8Array([0, 255]),
    nothing: undefined,
  };
  await documents.send(new PutCommand({ TableName, Item }));
  const Key = { author: "Lem", year: 1961 };
  const found = (await documents.send(new GetCommand({ TableName, Key }))).Item;
  delete Item.nothing;
  assert.deepEqual({ ...found, bytes: [...found.bytes] }, { ...Item, bytes: [0, 255] });

  const updated = await documents.send(new UpdateCommand({
    TableName, Key, UpdateExpression: "SET #n.#l[0] = #n.#l[0] + :one ADD seen :one",
    ExpressionAttributeNames: { "#n": "nested", "#l": "list" },
    ExpressionAttributeValues: { ":one": 1 }, ReturnValues: "ALL_NEW",
  }));
  assert.equal(updated.Attributes.nested.list[0], 2);
  assert.equal(updated.Attributes.seen, 1);
  await assert.rejects(
    documents.send(new PutCommand({
      TableName, Item, ConditionExpression: "attribute_not_exists(author)",
    })),
    ConditionalCheckFailedException,
  );

  const requests = Array.from({ length: 20 }, (_, n) => ({
    PutRequest: { Item: { author: "Asimov", year: 1950 + n, genre: n % 2 ? "story" : "novel" } },
  }));
  await documents.send(new BatchWriteCommand({ RequestItems: { [TableName]: requests } }));
  const batch = await documents.send(new BatchGetCommand({
    RequestItems: { [TableName]: { Keys: [Key, { author: "Asimov", year: 1955 }] } },
  }));
  assert.equal(batch.Responses[TableName].length, 2);
  const page = await documents.send(new QueryCommand({
    TableName, KeyConditionExpression: "author = :a AND #y BETWEEN :from AND :to",
    ExpressionAttributeNames: { "#y": "year" }, ScanIndexForward: false,
    ExpressionAttributeValues: { ":a": "Asimov", ":from": 1952, ":to": 1954 },
  }));
  assert.deepEqual(page.Items.map((each) => each.year), [1954, 1953, 1952]);
  let novels = 0, pages = 0;
  for await (const each of paginateQuery({ client: documents, pageSize: 4 }, {
    TableName, IndexName: "by-genre", KeyConditionExpression: "genre = :g",
    ExpressionAttributeValues: { ":g": "novel" },
  })) { novels += each.Items.length; pages += 1; }
  assert.equal(novels, 11);
  assert.ok(pages >= 3);
  let all = 0;
  for await (const each of paginateScan({ client: documents, pageSize: 5 }, { TableName }))
    all += each.Items.length;
  assert.equal(all, 21);

  await documents.send(new TransactWriteCommand({ TransactItems: [
    { Delete: { TableName, Key: { author: "Asimov", year: 1950 } } },
    { Update: { TableName, Key, UpdateExpression: "SET title = :t",
                ExpressionAttributeValues: { ":t": "Solaris!" } } },
  ] }));
  await assert.rejects(
    documents.send(new TransactWriteCommand({ TransactItems: [
      { Put: { TableName, Item: { author: "x", year: 1 } } },
      { ConditionCheck: { TableName, Key, ConditionExpression: "title = :t",
                          ExpressionAttributeValues: { ":t": "else" } } },
    ] })),
    (error) => error.name === "TransactionCanceledException"
      && error.CancellationReasons.map((each) => each.Code).join() === "None,ConditionalCheckFailed",
  );
  const both = await documents.send(new TransactGetCommand({ TransactItems: [
    { Get: { TableName, Key } }, { Get: { TableName, Key: { author: "Asimov", year: 1950 } } },
  ] }));
  assert.equal(both.Responses[0].Item.title, "Solaris!");
  assert.equal(both.Responses[1].Item, undefined);
  const selected = await documents.send(new ExecuteStatementCommand({
    Statement: `SELECT title FROM "${TableName}" WHERE author = ? AND "year" = ?`,
    Parameters: ["Lem", 1961],
  }));
  assert.deepEqual(selected.Items, [{ title: "Solaris!" }]);
  await documents.send(new DeleteCommand({ TableName, Key }));
  await client.send(new DeleteTableCommand({ TableName }));
  await waitUntilTableNotExists({ client, maxWaitTime: 20, minDelay: 1 }, { TableName });
}

main().then(() => console.log("fine"));
