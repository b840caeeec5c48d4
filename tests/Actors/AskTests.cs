namespace Troupe.Actors.Tests;

public sealed class AskTests : SystemFixture
{
    [Fact]
    public async Task EveryAskGetsItsOwnAnswer()
    {
        ActorRef<CounterMessage> counter = System.Spawn(new Counter(), "counter");

        for (int expected = 1; expected <= 1000; expected++)
            Assert.Equal(expected, await counter.AskAsync<int>(static reply => new CounterMessage(1, reply)));
    }

    [Fact]
    public async Task ConcurrentAsksFromOutsideAreAllAnswered()
    {
        ActorRef<CounterMessage> counter = System.Spawn(new Counter(), "counter");

        int[] answers = await Task.WhenAll(Enumerable.Range(0, 500).Select(_ =>
            Task.Run(async () => await counter.AskAsync<int>(static reply => new CounterMessage(1, reply))))).WaitAsync(Patience);

        Assert.Equal(Enumerable.Range(1, 500), answers.Order());
    }

    [Fact]
    public async Task AnActorAsksAnActorInItsTurn()
    {
        ActorRef<CounterMessage> counter = System.Spawn(new Counter(), "counter");
        int answered = 0;
        ActorRef<Reply<int>> asker = System.Spawn(new Acting<Reply<int>>(async (self, reply) =>
        {
            int answer = await counter.AskAsync<int>(static inner => new CounterMessage(1, inner));
            Assert.Same("asker", self.It.Name);
            answered++;
            reply.Set(answer);
        }), "asker");

        for (int round = 1; round <= 200; round++)
            Assert.Equal(round, await asker.AskAsync<int>(static reply => reply));
        Assert.Equal(200, answered);
    }

    [Fact]
    public async Task AnAskNobodyAnswersTimesOut()
    {
        ActorRef<Reply<int>> silent = System.Spawn(new Acting<Reply<int>>(static (_, _) => default), "silent");
        Task<int> ask = silent.AskAsync<int>(static reply => reply).AsTask();

        Clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(ask.IsCompleted);
        Clock.Advance(TimeSpan.FromSeconds(0.1));
        AskTimeoutException timeout = await Assert.ThrowsAsync<AskTimeoutException>(() => ask.WaitAsync(Patience));
        Assert.Equal("silent", timeout.ActorName);
    }

    [Fact]
    public async Task ALateAnswerIsIgnoredAndCounted()
    {
        Reply<int> kept = default;
        ActorRef<Reply<int>> slow = System.Spawn(new Acting<Reply<int>>((_, reply) =>
        {
            kept = reply;
            return default;
        }), "slow");
        Task<int> first = slow.AskAsync<int>(static reply => reply, TimeSpan.FromSeconds(1)).AsTask();
        await Until(() => kept.IsAwaited);
        Reply<int> late = kept;
        Clock.Advance(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<AskTimeoutException>(() => first.WaitAsync(Patience));

        // The next ask uses the same pending reply again; the late answer must not reach it.
        Task<int> second = slow.AskAsync<int>(static reply => reply, TimeSpan.FromSeconds(1)).AsTask();
        Assert.False(late.TrySet(1));
        await Until(() => kept.IsAwaited);
        Assert.False(late.TrySet(1));
        Assert.True(kept.TrySet(2));
        Assert.Equal(2, await second.WaitAsync(Patience));
        Assert.Equal(2, System.LateReplyCount);
    }

    [Fact]
    public async Task AReusedAskHasADeadlineOfItsOwn()
    {
        bool answer = true;
        ActorRef<Reply<int>> actor = System.Spawn(new Acting<Reply<int>>((_, reply) =>
        {
            if (answer)
                reply.Set(1);
            return default;
        }));
        await actor.AskAsync<int>(static reply => reply, TimeSpan.FromSeconds(5));
        answer = false;
        Clock.Advance(TimeSpan.FromSeconds(3));
        Task<int> second = actor.AskAsync<int>(static reply => reply, TimeSpan.FromSeconds(5)).AsTask();
        Clock.Advance(TimeSpan.FromSeconds(4));
        Assert.False(second.IsCompleted);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<AskTimeoutException>(() => second.WaitAsync(Patience));

        Task<int> shorter = actor.AskAsync<int>(static reply => reply, TimeSpan.FromSeconds(1)).AsTask();
        Clock.Advance(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<AskTimeoutException>(() => shorter.WaitAsync(Patience));
    }

    [Fact]
    public async Task ACanceledAskEnds()
    {
        ActorRef<Reply<int>> silent = System.Spawn(new Acting<Reply<int>>(static (_, _) => default));
        using var cancellation = new CancellationTokenSource();
        Task<int> ask = silent.AskAsync<int>(static reply => reply, cancellationToken: cancellation.Token).AsTask();
        cancellation.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ask.WaitAsync(Patience));
    }

    [Fact]
    public async Task AnAskToAStoppedActorFailsAtOnce()
    {
        ActorRef<Reply<int>> actor = System.Spawn(new Acting<Reply<int>>(static (_, _) => default), "gone");
        await actor.StopAsync().WaitAsync(Patience);

        await Assert.ThrowsAsync<AskFailedException>(async () => await actor.AskAsync<int>(static reply => reply));
        Assert.Equal(1, System.DeadLetterCount);
    }

    [Fact]
    public async Task AnAskThatWaitsForRoomKeepsItsDeadline()
    {
        var gate = new TaskCompletionSource();
        ActorRef<Reply<int>> busy = System.Spawn(
            new Acting<Reply<int>>(async (_, _) => await gate.Task), mailbox: new MailboxOptions { Capacity = 1 });
        Task<int>[] asks = Enumerable.Range(0, 4).Select(_ => busy.AskAsync<int>(static reply => reply, TimeSpan.FromSeconds(1)).AsTask()).ToArray();
        Clock.Advance(TimeSpan.FromSeconds(1));

        foreach (Task<int> ask in asks)
            await Assert.ThrowsAsync<AskTimeoutException>(() => ask.WaitAsync(Patience));
        gate.SetResult();
    }

    [Fact]
    public async Task AFailureCanBeTheAnswer()
    {
        ActorRef<Reply<int>> actor = System.Spawn(new Acting<Reply<int>>(static (_, reply) =>
        {
            reply.TryFail(new FormatException("no number"));
            return default;
        }));

        AskFailedException failure = await Assert.ThrowsAsync<AskFailedException>(async () => await actor.AskAsync<int>(static reply => reply));
        Assert.IsType<FormatException>(failure.InnerException);
    }
}

internal readonly record struct CounterMessage(int Amount, Reply<int> Reply);

internal sealed class Counter : Actor<CounterMessage>
{
    private int _value;

    protected override ValueTask ReceiveAsync(CounterMessage message)
    {
        _value += message.Amount;
        message.Reply.Set(_value);
        return default;
    }
}
