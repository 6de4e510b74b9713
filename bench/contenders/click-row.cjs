const { PutItemCommand } = require('@aws-sdk/client-dynamodb');

/** The same one conditional put that the floor makes, by the SDK. */
exports.putClick = (dynamo, { user, actions: [action] }) =>
  dynamo.send(
    new PutItemCommand({
      TableName: process.env.COUNTERSIGN_TABLE,
      Item: { pk: { S: `CLICK#${action.value}` }, sk: { S: user.id }, at: { S: action.action_ts } },
      ConditionExpression: 'attribute_not_exists(pk)',
    }),
  );
