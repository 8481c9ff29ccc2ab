// The AWS SDK for JavaScript, as any handler uses it.
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";

const dynamodb = new DynamoDBClient({});

export const handler = async (event) => {
  const table = process.env.TABLE;
  await dynamodb.send(new PutItemCommand({ TableName: table, Item: { id: { S: event.id } } }));
  const found = await dynamodb.send(
    new GetItemCommand({ TableName: table, Key: { id: { S: event.id } } }),
  );
  return { found: found.Item.id.S, region: await dynamodb.config.region() };
};
