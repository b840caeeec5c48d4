namespace Troupe.Actors.Tests.Contracts;

public sealed class ContractTests
{
    private enum Door
    {
        Open,
        Closed,
        Locked,
    }

    private enum Act
    {
        Shut,
        Push,
        Lock,
        Unlock,
        Creak,
    }

    private readonly Contract<Door, Act> _contract = new Contract<Door, Act>("door", Door.Open)
        .Party("guest", Act.Shut, Act.Push)
        .Party("keeper", Act.Lock, Act.Unlock)
        .Party("door", Act.Creak)
        .Permit(Door.Open, Act.Shut, Door.Closed)
        .Permit(Door.Closed, Act.Push, Door.Open)
        .Permit(Door.Closed, Act.Lock, Door.Locked)
        .Permit(Door.Locked, Act.Unlock, Door.Closed)
        .Allow(Door.Open, Act.Creak)
        .Allow(Door.Closed, Act.Creak);

    [Fact]
    public void WhatIsDeclaredIsLegal()
    {
        Assert.True(_contract.IsLegal(Door.Open, Act.Shut));
        Assert.True(_contract.IsLegal(Door.Closed, Act.Creak));
        Assert.False(_contract.IsLegal(Door.Locked, Act.Push));
        Assert.Equal("keeper", _contract.SenderOf(Act.Lock));
    }

    [Fact]
    public void TheGraphSaysWhoSendsWhat()
    {
        string graph = _contract.ToMermaid();
        Assert.Contains("Closed --> Locked : keeper Lock", graph, StringComparison.Ordinal);
        Assert.Contains("Closed --> Closed : door Creak", graph, StringComparison.Ordinal);
        Assert.Contains("[*] --> Open", graph, StringComparison.Ordinal);
    }

    [Fact]
    public void AMessageOfNobodyIsRefused()
    {
        var contract = new Contract<Door, Act>("half", Door.Open).Party("guest", Act.Shut);
        Assert.Contains("nobody sends Lock", Assert.Throws<ArgumentException>(() => contract.Allow(Door.Open, Act.Lock)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => contract.Party("keeper", Act.Shut));
        contract.Allow(Door.Open, Act.Shut);
        Assert.Throws<ArgumentException>(() => contract.Permit(Door.Open, Act.Shut, Door.Closed));
    }

#if DEBUG
    [Fact]
    public void AViolationNamesWhoSentWhatInWhichState()
    {
        object door = "the front door";
        _contract.Observe(door, Act.Creak);
        _contract.Observe(door, Act.Shut);
        _contract.Observe(door, Act.Lock);
        ContractViolationException violation = Assert.Throws<ContractViolationException>(() => _contract.Observe(door, Act.Push));
        Assert.Equal(("door", "guest", "Push", "Locked"), (violation.Contract, violation.Party, violation.SentMessage, violation.State));
        Assert.Equal("Contract 'door': guest sent Push in state Locked; the front door. Legal there: keeper Unlock.", violation.Message);
        // The conversation is where it was.
        _contract.Observe(door, Act.Unlock);
    }

    [Fact]
    public void ConversationsHaveStatesOfTheirOwn()
    {
        object front = new();
        object back = new();
        _contract.Observe(front, Act.Shut);
        Assert.Throws<ContractViolationException>(() => _contract.Observe(back, Act.Lock));
        _contract.Observe(front, Act.Lock);
    }

    [Fact]
    public async Task AConversationThatIsReportedHoldsUpNoOther()
    {
        using var slow = new SlowDoor();
        Task<ContractViolationException> report = Task.Factory.StartNew(
            () => Assert.Throws<ContractViolationException>(() => _contract.Observe(slow, Act.Lock)), TaskCreationOptions.LongRunning);
        slow.IsReported.Wait();
        object other = new();
        Task shut = Task.Factory.StartNew(() => _contract.Observe(other, Act.Shut), TaskCreationOptions.LongRunning);
        try
        {
            await shut.WaitAsync(TimeSpan.FromSeconds(30));
        }
        finally
        {
            slow.MayGoOn.Set();
        }

        Assert.Equal("Lock", (await report).SentMessage);
    }

    [Fact]
    public void ObservingWhatChangesNothingAllocatesNothing()
    {
        object door = new();
        Assert.Equal(0, Allocations.Least(() =>
        {
            for (int count = 0; count < 1000; count++)
                _contract.Observe(door, Act.Creak);
        }));
    }

    /// <summary>A conversation whose name takes as long as the test wants.</summary>
    private sealed class SlowDoor : IDisposable
    {
        internal ManualResetEventSlim IsReported { get; } = new();

        internal ManualResetEventSlim MayGoOn { get; } = new();

        public override string ToString()
        {
            IsReported.Set();
            MayGoOn.Wait();
            return "a slow door";
        }

        public void Dispose()
        {
            IsReported.Dispose();
            MayGoOn.Dispose();
        }
    }
#else
    [Fact]
    public void AReleaseBuildObservesNothing()
    {
        object door = new();
        _contract.Observe(door, Act.Unlock);
    }
#endif
}
