using Troupe.Core.Memory;

namespace Troupe.Actors.Tests;

public sealed class SlidingMailboxTests : MailboxTests
{
    private protected override Mailbox<Letter> Create(int capacity) =>
        new SlidingMailbox<Letter, ProcessorMemory>(new MailboxOptions { Capacity = capacity, OverflowPolicy = OverflowPolicy.DropOldest });

    private protected override Mailbox<object> CreateForObjects() =>
        new SlidingMailbox<object, ProcessorMemory>(new MailboxOptions { Capacity = 8, OverflowPolicy = OverflowPolicy.DropOldest });

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    public void TheOldestGiveWay(int capacity)
    {
        Mailbox<Letter> mailbox = Create(capacity);
        for (int number = 0; number < 100; number++)
            Assert.Equal(EnqueueResult.Accepted, mailbox.TryEnqueue(new Letter(0, number)));

        Assert.Equal(100 - capacity, mailbox.Dropped);
        for (int number = 100 - capacity; number < 100; number++)
        {
            Assert.True(mailbox.TryDequeue(out Letter letter));
            Assert.Equal(number, letter.Number);
        }
    }

    [Fact]
    public void AnEvictedMessageIsDisposedOf()
    {
        var mailbox = new SlidingMailbox<Owned, ProcessorMemory>(new MailboxOptions { Capacity = 1, OverflowPolicy = OverflowPolicy.DropOldest });
        var first = new Resource();
        mailbox.TryEnqueue(new Owned(first));
        mailbox.TryEnqueue(new Owned(new Resource()));

        Assert.True(first.IsDisposed);
    }

    [Fact]
    public void UnderFireEveryAcceptedMessageIsReceivedOrCountedAsDropped()
    {
        Mailbox<Letter> mailbox = Create(16);
        int accepted = 0;
        Thread[] threads = StartProducers(3, sender =>
        {
            for (int number = 0; number < 20_000; number++)
            {
                if (mailbox.TryEnqueue(new Letter(sender, number)) == EnqueueResult.Accepted)
                    Interlocked.Increment(ref accepted);
            }
        });
        int received = 0;
        int[] last = [-1, -1, -1];
        while (threads.Any(static thread => thread.IsAlive) || mailbox.HasWork)
        {
            if (!mailbox.TryDequeue(out Letter letter))
                continue;
            Assert.True(letter.Number > last[letter.Sender]);
            last[letter.Sender] = letter.Number;
            received++;
        }

        Assert.Equal(accepted, received + mailbox.Dropped);
    }
}

internal sealed class Resource : IDisposable
{
    public bool IsDisposed { get; private set; }

    public void Dispose() => IsDisposed = true;
}

internal readonly struct Owned(Resource resource) : IDisposable
{
    public void Dispose() => resource.Dispose();
}
