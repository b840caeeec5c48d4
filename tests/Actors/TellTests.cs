namespace Troupe.Actors.Tests;

public sealed class TellTests : SystemFixture
{
    [Fact]
    public async Task MessagesOfEachSenderArriveInOrderAndNoneIsLost()
    {
        const int Senders = 4;
        const int PerSender = 20_000;
        int[] next = new int[Senders];
        int received = 0;
        var done = new TaskCompletionSource();
        ActorRef<Letter> sink = System.Spawn(new Acting<Letter>((_, letter) =>
        {
            Assert.Equal(next[letter.Sender]++, letter.Number);
            if (++received == Senders * PerSender)
                done.SetResult();
            return default;
        }), mailbox: new MailboxOptions { Capacity = 64 });

        await Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => Task.Run(async () =>
        {
            for (int number = 0; number < PerSender; number++)
                await sink.TellAsync(new Letter(sender, number));
        }))).WaitAsync(Patience);

        await done.Task.WaitAsync(Patience);
        Assert.Empty(Failures);
    }

    [Fact]
    public async Task SendingActorsWaitForRoomWithoutBlockingAWorker()
    {
        const int Senders = 16;
        const int PerSender = 500;
        int received = 0;
        var done = new TaskCompletionSource();
        ActorRef<int> sink = System.Spawn(new Acting<int>((_, _) =>
        {
            if (++received == Senders * PerSender)
                done.SetResult();
            return default;
        }), mailbox: new MailboxOptions { Capacity = 1 });
        for (int sender = 0; sender < Senders; sender++)
        {
            System.Spawn(new Acting<int>(async (_, _) =>
            {
                for (int number = 0; number < PerSender; number++)
                    await sink.TellAsync(number);
            })).Tell(0);
        }

        await done.Task.WaitAsync(Patience);
        Assert.Empty(Failures);
    }

    [Theory]
    [InlineData(OverflowPolicy.DropNewest, 0)]
    [InlineData(OverflowPolicy.DropOldest, 8)]
    public async Task ADroppingMailboxCountsWhatItDrops(OverflowPolicy policy, int firstKept)
    {
        using var gate = new SemaphoreSlim(0);
        var kept = new List<int>();
        ActorRef<int> actor = System.Spawn(new Acting<int>((_, number) =>
        {
            if (number < 0)
                return new ValueTask(gate.WaitAsync());
            kept.Add(number);
            return default;
        }), mailbox: new MailboxOptions { Capacity = 2, OverflowPolicy = policy });
        actor.Tell(-1);
        await Until(() => actor.MailboxCount == 0);
        for (int number = 0; number < 10; number++)
            actor.Tell(number);

        Assert.Equal(8, actor.Dropped);
        gate.Release();
        await actor.StopAsync().WaitAsync(Patience);
        Assert.Equal([firstKept, firstKept + 1], kept);
    }

    [Theory]
    [InlineData(OverflowPolicy.Wait)]
    [InlineData(OverflowPolicy.Fail)]
    public async Task TellRefusesWhatItCannotDeliver(OverflowPolicy policy)
    {
        using var gate = new SemaphoreSlim(0);
        ActorRef<int> actor = System.Spawn(
            new Acting<int>((_, number) => number < 0 ? new ValueTask(gate.WaitAsync()) : default),
            "full",
            new MailboxOptions { Capacity = 1, OverflowPolicy = policy });
        actor.Tell(-1);
        await Until(() => actor.MailboxCount == 0);
        actor.Tell(1);

        Assert.Equal("full", Assert.Throws<MailboxFullException>(() => actor.Tell(2)).ActorName);
        Assert.False(actor.TryTell(3));
        if (policy == OverflowPolicy.Fail)
            await Assert.ThrowsAsync<MailboxFullException>(async () => await actor.TellAsync(4));
        gate.Release();
    }

    [Fact]
    public async Task AMessageToAStoppedActorIsADeadLetter()
    {
        ActorRef<int> actor = System.Spawn(new Acting<int>(static (_, _) => default), "gone");
        await actor.StopAsync().WaitAsync(Patience);
        actor.Tell(7);
        await actor.TellAsync(8);

        Assert.False(actor.TryTell(9));
        Assert.Equal(2, System.DeadLetterCount);
        Assert.Equal([new DeadLetter("gone", 7), new DeadLetter("gone", 8)], DeadLetters);
    }

    [Fact]
    public async Task AMessageNobodyHandlesIsDisposedOf()
    {
        ActorRef<Owned> actor = System.Spawn(new Acting<Owned>(static (_, _) => default));
        await actor.StopAsync().WaitAsync(Patience);
        var resource = new Resource();
        actor.Tell(new Owned(resource));

        Assert.True(resource.IsDisposed);
    }

    [Fact]
    public async Task TellingAndHandlingAllocateNothing()
    {
        // The whole traffic runs on one worker and, without preemption, on one thread, whose count sees all of it.
        await using var system = new ActorSystem(new ActorSystemOptions { Host = new ThreadWorkerHost(1), Quantum = Timeout.InfiniteTimeSpan });
        var measured = new TaskCompletionSource<long>();
        ActorRef<Letter>? pong = null;
        long start = 0, least = long.MaxValue;
        ActorRef<Letter> ping = system.Spawn(new Acting<Letter>((_, letter) =>
        {
            // The least of nine rounds, after a first one: see Allocations.
            if (letter.Number % 5_000 == 0)
            {
                long now = GC.GetAllocatedBytesForCurrentThread();
                least = letter.Number >= 10_000 ? Math.Min(least, now - start) : least;
                start = now;
            }

            if (letter.Number == 50_000)
                measured.SetResult(least);
            else
                pong!.Tell(new Letter(0, letter.Number + 1));
            return default;
        }));
        pong = system.Spawn(new Acting<Letter>((_, letter) =>
        {
            ping.Tell(letter);
            return default;
        }));
        ping.Tell(default);

        Assert.Equal(0, await measured.Task.WaitAsync(Patience));
    }
}
