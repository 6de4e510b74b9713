import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openCloud, queueUrl } from './account.ts';

const QueueUrl = queueUrl('work');

async function openQueue(settings: { maxReceiveCount?: number; retentionSeconds?: number } = {}) {
  const account = await openCloud();
  const dead = account.cloud.createQueue({ name: 'dead', visibilitySeconds: 30 });
  const queue = account.cloud.createQueue({
    name: 'work',
    visibilitySeconds: 60,
    ...(settings.retentionSeconds === undefined ? {} : { retentionSeconds: settings.retentionSeconds }),
    ...(settings.maxReceiveCount === undefined
      ? {}
      : { deadLetters: { queue: dead, maxReceiveCount: settings.maxReceiveCount } }),
  });
  const sqs = (operation: string, body: object) =>
    account.call(`AmazonSQS.${operation}`, { QueueUrl, ...body });
  const receive = async (more: object = {}) => {
    const { body } = await sqs('ReceiveMessage', { MaxNumberOfMessages: 10, ...more });
    return (body['Messages'] ?? []) as { Body: string; ReceiptHandle: string; MessageId: string }[];
  };
  return { ...account, queue, dead, sqs, receive };
}

describe('a queue over the wire', () => {
  it('gives back what was sent, with the digest that SDKs check, and hides it while it is worked on', async () => {
    const { sqs, receive, advance } = await openQueue();

    const sent = await sqs('SendMessage', { MessageBody: 'one' });
    const [first] = await receive();

    expect(sent.body).toEqual({
      MessageId: first?.MessageId,
      MD5OfMessageBody: createHash('md5').update('one').digest('hex'),
    });
    expect(await receive()).toEqual([]);
    await advance(59);
    expect(await receive()).toEqual([]);
    await advance(1);
    expect(await receive()).toMatchObject([{ Body: 'one', MessageId: first?.MessageId }]);
  });

  it('keeps a delayed message back to the second', async () => {
    const { sqs, receive, advance } = await openQueue();
    await sqs('SendMessage', { MessageBody: 'later', DelaySeconds: 5 });

    await advance(4.999);
    expect(await receive()).toEqual([]);
    await advance(0.001);
    expect(await receive()).toHaveLength(1);
  });

  it('a batch succeeds in part, and says which entries failed and why', async () => {
    const { sqs, receive } = await openQueue();

    const { status, body } = await sqs('SendMessageBatch', {
      Entries: [
        { Id: 'a', MessageBody: 'good' },
        { Id: 'b', MessageBody: 'late', DelaySeconds: 901 },
        { Id: 'c', MessageBody: 'bad \u0000' },
      ],
    });

    expect(status).toBe(200);
    expect(body).toMatchObject({
      Successful: [{ Id: 'a' }],
      Failed: [
        { Id: 'b', SenderFault: true, Code: 'InvalidParameterValue' },
        { Id: 'c', SenderFault: true, Code: 'InvalidMessageContents' },
      ],
    });
    expect(await receive()).toMatchObject([{ Body: 'good' }]);
  });

  it.each([
    ['no entries', [], 'EmptyBatchRequest'],
    [
      'eleven entries',
      Array.from({ length: 11 }, (_, index) => ({ Id: `m${index}`, MessageBody: 'x' })),
      'TooManyEntriesInBatchRequest',
    ],
    ['the same id twice', ['m', 'm'].map((Id) => ({ Id, MessageBody: 'x' })), 'BatchEntryIdsNotDistinct'],
    ['an odd id', [{ Id: 'a b', MessageBody: 'x' }], 'InvalidBatchEntryId'],
    [
      'too much in all',
      ['a', 'b'].map((Id) => ({ Id, MessageBody: 'x'.repeat(600_000) })),
      'BatchRequestTooLong',
    ],
  ])('refuses a batch with %s', async (_, Entries, code) => {
    const { sqs, queue } = await openQueue();

    const { status, queryError, body } = await sqs('SendMessageBatch', { Entries });

    expect(status).toBe(400);
    expect(queryError).toBe(`AWS.SimpleQueueService.${code};Sender`);
    expect(body['__type']).toBe(`com.amazonaws.sqs#${code}`);
    expect(queue.all()).toEqual([]);
  });

  it('a receipt deletes once; an older one deletes nothing and is no error', async () => {
    const { sqs, receive, advance, queue } = await openQueue();
    await sqs('SendMessage', { MessageBody: 'one' });
    const [old] = await receive();
    await advance(60);
    const [newest] = await receive();

    expect((await sqs('DeleteMessage', { ReceiptHandle: old?.ReceiptHandle })).status).toBe(200);
    expect(queue.all()).toHaveLength(1);
    const entries = [
      { Id: 'good', ReceiptHandle: newest?.ReceiptHandle },
      { Id: 'bad', ReceiptHandle: 'nonsense' },
    ];
    const { body } = await sqs('DeleteMessageBatch', { Entries: entries });
    expect(body).toMatchObject({
      Successful: [{ Id: 'good' }],
      Failed: [{ Id: 'bad', Code: 'ReceiptHandleIsInvalid' }],
    });
    expect(queue.all()).toEqual([]);
  });

  it('what is in flight can be hidden for longer, or shown at once; what is not cannot', async () => {
    const { sqs, receive, advance } = await openQueue();
    await sqs('SendMessage', { MessageBody: 'one' });
    const [message] = await receive();
    const change = (VisibilityTimeout: number) =>
      sqs('ChangeMessageVisibility', { ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout });

    await change(600);
    await advance(599);
    expect(await receive()).toEqual([]);
    await change(0);
    expect((await change(10)).body['__type']).toBe('com.amazonaws.sqs#MessageNotInflight');
    expect(await receive()).toHaveLength(1);
  });

  it('what was received too often goes to the dead letters instead of coming again', async () => {
    const { sqs, receive, advance, dead } = await openQueue({ maxReceiveCount: 2 });
    await sqs('SendMessage', { MessageBody: 'junk' });
    for (const _ of ['first', 'second']) {
      expect(await receive()).toHaveLength(1);
      await advance(60);
    }

    expect(await receive()).toEqual([]);
    expect(dead.all()).toMatchObject([{ body: 'junk' }]);
  });

  it('what nobody takes is forgotten when its time is over', async () => {
    const { sqs, receive, advance } = await openQueue({ retentionSeconds: 3_600 });
    await sqs('SendMessage', { MessageBody: 'old' });
    await advance(3_600);

    expect(await receive()).toEqual([]);
  });

  it('on demand a message comes twice, as standard queues may do', async () => {
    const { sqs, receive, queue } = await openQueue();
    await sqs('SendMessage', { MessageBody: 'one' });
    queue.deliverTwice(1);

    const ids = [...(await receive()), ...(await receive()), ...(await receive())].map(
      (each) => each.MessageId,
    );

    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it('says how many wait, are worked on and are delayed', async () => {
    const { sqs, receive } = await openQueue({ maxReceiveCount: 3 });
    await sqs('SendMessage', { MessageBody: 'taken' });
    await receive();
    await sqs('SendMessage', { MessageBody: 'waiting' });
    await sqs('SendMessage', { MessageBody: 'delayed', DelaySeconds: 9 });

    const { body } = await sqs('GetQueueAttributes', { AttributeNames: ['All'] });

    expect(body['Attributes']).toMatchObject({
      ApproximateNumberOfMessages: '1',
      ApproximateNumberOfMessagesNotVisible: '1',
      ApproximateNumberOfMessagesDelayed: '1',
      VisibilityTimeout: '60',
      RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:111122223333:dead","maxReceiveCount":3}',
    });
  });

  it.each([
    ['SendMessage', { MessageBody: '' }, 'MissingParameter'],
    ['SendMessage', { MessageBody: 'x', MessageGroupId: 'fifo' }, 'UnsupportedOperation'],
    ['SendMessage', { MessageBody: 'x', MessageAttributes: {} }, 'UnsupportedOperation'],
    ['ReceiveMessage', { MaxNumberOfMessages: 11 }, 'InvalidParameterValue'],
    ['GetQueueAttributes', { AttributeNames: ['Colour'] }, 'InvalidAttributeName'],
    ['PurgeQueue', {}, 'UnsupportedOperation'],
    ['SendMessage', { QueueUrl: queueUrl('nowhere'), MessageBody: 'x' }, 'QueueDoesNotExist'],
  ])('refuses %s with %j as SQS words it', async (operation, body, code) => {
    const { sqs } = await openQueue();

    const refused = await sqs(operation, body);

    expect(refused.status).toBe(400);
    expect(refused.body['__type']).toBe(`com.amazonaws.sqs#${code}`);
  });
});
