using Troupe.Core.Memory;

namespace Troupe.Actors.Tests;

public sealed class BoundedMailboxTests : MailboxTests
{
    private protected override Mailbox<Letter> Create(int capacity) =>
        new Mailbox<Letter, ProcessorMemory>(new MailboxOptions { Capacity = capacity });

    private protected override Mailbox<object> CreateForObjects() => new Mailbox<object, ProcessorMemory>(MailboxOptions.Default);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(1000)]
    public void TheCapacityIsExact(int capacity)
    {
        Mailbox<Letter> mailbox = Create(capacity);
        for (int lap = 0; lap < 3; lap++)
        {
            for (int number = 0; number < capacity; number++)
                Assert.Equal(EnqueueResult.Accepted, mailbox.TryEnqueue(new Letter(0, number)));
            Assert.Equal(EnqueueResult.Full, mailbox.TryEnqueue(default));
            Assert.True(mailbox.TryDequeue(out _));
            Assert.Equal(EnqueueResult.Accepted, mailbox.TryEnqueue(default));
            Assert.Equal(EnqueueResult.Full, mailbox.TryEnqueue(default));
            while (mailbox.TryDequeue(out _))
            {
            }
        }
    }

    [Fact]
    public async Task ASenderWaitsForRoomAndIsLetInInOrder()
    {
        Mailbox<Letter> mailbox = Create(1);
        mailbox.TryEnqueue(new Letter(0, 0));
        ValueTask<EnqueueResult> first = mailbox.EnqueueAsync(new Letter(0, 1));
        ValueTask<EnqueueResult> second = mailbox.EnqueueAsync(new Letter(0, 2));
        Assert.False(first.IsCompleted);

        Assert.True(mailbox.TryDequeue(out _));
        Assert.Equal(EnqueueResult.Full, mailbox.TryEnqueue(new Letter(0, 9)));
        Assert.True(mailbox.AdmitWaiting());
        Assert.Equal(EnqueueResult.Accepted, await first);
        Assert.False(second.IsCompleted);
        Assert.True(mailbox.TryDequeue(out Letter letter));
        Assert.Equal(1, letter.Number);
        Assert.True(mailbox.AdmitWaiting());
        Assert.Equal(EnqueueResult.Accepted, await second);
        Assert.True(mailbox.TryDequeue(out letter));
        Assert.Equal(2, letter.Number);
        Assert.Equal(EnqueueResult.Accepted, mailbox.TryEnqueue(new Letter(0, 3)));
    }

    [Fact]
    public void SendersThatWaitedGoOnAFewAtATimeThoughAllTheirMessagesAreIn()
    {
        Mailbox<Letter> mailbox = Create(128);
        for (int number = 0; number < 128; number++)
            mailbox.TryEnqueue(new Letter(0, number));
        ValueTask<EnqueueResult>[] waiting = Enumerable.Range(1, 10).Select(sender => mailbox.EnqueueAsync(new Letter(sender, 0))).ToArray();
        while (mailbox.Count > 32)
            mailbox.TryDequeue(out _);

        Assert.True(mailbox.AdmitWaiting());
        Assert.Equal(42, mailbox.Count);
        Assert.Equal([true, .. Enumerable.Repeat(false, 9)], waiting.Select(sender => sender.IsCompleted));
        // Full again: whoever has been let in goes on all the same, one each time.
        while (mailbox.TryEnqueue(default) == EnqueueResult.Accepted)
        {
        }

        mailbox.AdmitWaiting();
        Assert.Equal(2, waiting.Count(sender => sender.IsCompleted));
        while (mailbox.TryDequeue(out _))
        {
        }

        mailbox.AdmitWaiting();
        Assert.All(waiting, sender => Assert.True(sender.IsCompletedSuccessfully));
    }

    [Fact]
    public async Task ACanceledSenderLeavesNoMessage()
    {
        Mailbox<Letter> mailbox = Create(1);
        mailbox.TryEnqueue(new Letter(0, 0));
        using var cancellation = new CancellationTokenSource();
        ValueTask<EnqueueResult> canceled = mailbox.EnqueueAsync(new Letter(0, 1), cancellation.Token);
        ValueTask<EnqueueResult> patient = mailbox.EnqueueAsync(new Letter(0, 2));
        cancellation.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await canceled);

        mailbox.TryDequeue(out _);
        mailbox.AdmitWaiting();
        Assert.Equal(EnqueueResult.Accepted, await patient);
        Assert.True(mailbox.TryDequeue(out Letter letter));
        Assert.Equal(2, letter.Number);
    }

    [Fact]
    public async Task SendersThatWaitAreToldWhenItCloses()
    {
        Mailbox<Letter> mailbox = Create(1);
        mailbox.TryEnqueue(default);
        ValueTask<EnqueueResult> waiting = mailbox.EnqueueAsync(default);
        mailbox.Close();
        mailbox.AdmitWaiting();

        Assert.Equal(EnqueueResult.Closed, await waiting);
    }

    [Fact]
    public void ConcurrentProducersNeverExceedTheCapacity()
    {
        const int Capacity = 7;
        Mailbox<Letter> mailbox = Create(Capacity);
        Thread[] threads = StartProducers(4, sender =>
        {
            var spin = new SpinWait();
            for (int number = 0; number < 5_000;)
            {
                if (mailbox.TryEnqueue(new Letter(sender, number)) == EnqueueResult.Accepted)
                    number++;
                else
                    spin.SpinOnce();
            }
        });
        int deepest = 0;
        for (int received = 0; received < 20_000;)
        {
            deepest = Math.Max(deepest, mailbox.Count);
            if (mailbox.TryDequeue(out _))
                received++;
        }

        foreach (Thread thread in threads)
            thread.Join();
        Assert.InRange(deepest, 1, Capacity);
        Assert.False(mailbox.HasWork);
    }

    [Fact]
    public async Task AsAChannelItMakesWritersWait()
    {
        Mailbox<Letter> mailbox = Create(2);
        Task writing = Task.Run(async () =>
        {
            for (int number = 0; number < 500; number++)
                await mailbox.Writer.WriteAsync(new Letter(0, number));
            mailbox.Writer.Complete();
        });
        int expected = 0;
        await foreach (Letter letter in mailbox.Reader.ReadAllAsync())
            Assert.Equal(expected++, letter.Number);

        Assert.Equal(500, expected);
        await writing;
    }

    [Fact]
    public async Task AWriterCanWaitForRoomWithoutAMessage()
    {
        Mailbox<Letter> mailbox = Create(1);
        Assert.True(await mailbox.Writer.WaitToWriteAsync());
        Assert.True(mailbox.Writer.TryWrite(default));
        ValueTask<bool> room = mailbox.Writer.WaitToWriteAsync();
        Assert.False(room.IsCompleted);
        Assert.True(mailbox.Reader.TryRead(out _));
        Assert.True(await room.AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
    }
}
