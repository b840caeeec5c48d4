namespace Troupe.Actors.Tests;

/// <summary>Behaviours that must not be swapped say why (<see cref="IRefusesSwap"/>).</summary>
public sealed class HotSwapRefusalTests : SystemFixture
{
    [Fact]
    public async Task ASwapIsRefusedWithTheReasonAndTheBehaviourGoesOn()
    {
        ActorRef<Reply<int>> actor = System.Spawn(new Counting(), "counting");
        Assert.Equal(1, await actor.AskAsync<int>(static reply => reply));
        HotSwapException refused = await Assert.ThrowsAsync<HotSwapException>(() => actor.SwapAsync(static () => new Counting()).WaitAsync(Patience));
        Assert.Equal("/counting was not swapped: at 1 it would begin to count anew.", refused.Message);
        Assert.Equal("/counting", refused.Path);
        Assert.Equal(2, await actor.AskAsync<int>(static reply => reply));
        Assert.Empty(Failures);
    }

    [Fact]
    public async Task ItIsRefusedByNameToo()
    {
        ActorRef<Reply<int>> actor = System.Spawn(new Counting(), "counting");
        System.Behaviours.Register("anew", static () => new Counting());
        await Assert.ThrowsAsync<HotSwapException>(() => System.SwapAsync("/counting", "anew").WaitAsync(Patience));
        Assert.Equal(1, await actor.AskAsync<int>(static reply => reply));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TheReasonComesBeforeAnyOtherWayOfSwapping(bool restarts)
    {
        List<string> log = [];
        ActorRef<Reply<int>> actor = System.Spawn<Reply<int>>(
            () => restarts ? new RestartingCounting(log) : new ExportingCounting(log), new SpawnOptions { Name = "counting" });
        await Assert.ThrowsAsync<HotSwapException>(() => actor.SwapAsync(() => new Counting()).WaitAsync(Patience));
        Assert.Equal(1, await actor.AskAsync<int>(static reply => reply));
        Assert.Empty(log);
    }

    [Fact]
    public async Task WhatItHasBecomeDoesNotMatter()
    {
        ActorRef<Reply<int>> actor = System.Spawn(new BecomingCounting(), "counting");
        Assert.Equal(1, await actor.AskAsync<int>(static reply => reply));
        await Assert.ThrowsAsync<HotSwapException>(() => actor.SwapAsync(static () => new Counting()).WaitAsync(Patience));
        Assert.Equal(-2, await actor.AskAsync<int>(static reply => reply));
    }

    private class Counting : Actor<Reply<int>>, IRefusesSwap
    {
        protected int Count { get; set; }

        public string WhyNotSwapped => $"at {Count} it would begin to count anew.";

        protected override ValueTask ReceiveAsync(Reply<int> message)
        {
            message.Set(++Count);
            return default;
        }
    }

    private sealed class RestartingCounting(List<string> log) : Counting, IRestartsToSwap
    {
        protected override void Stopped()
        {
            if (Count == 0)
                log.Add("stopped");
        }
    }

    private sealed class ExportingCounting(List<string> log) : Counting, IStateful<int>
    {
        public int ExportState()
        {
            log.Add("exported");
            return Count;
        }

        public void ImportState(int state) => Count = state;
    }

    private sealed class BecomingCounting : Counting
    {
        protected override ValueTask ReceiveAsync(Reply<int> message)
        {
            Context.Become(later =>
            {
                later.Set(-++Count);
                return default;
            });
            return base.ReceiveAsync(message);
        }
    }
}
