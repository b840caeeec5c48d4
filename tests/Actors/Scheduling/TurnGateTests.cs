using Troupe.Core.Memory;

namespace Troupe.Actors.Tests;

public sealed class TurnGateTests
{
    private TurnGate<ProcessorMemory> _gate;

    [Fact]
    public void WhatIsScheduledFromTheStartIsQueuedByItsMakerAlone()
    {
        _gate = TurnGate<ProcessorMemory>.CreateScheduled();
        Assert.False(_gate.TrySchedule(urgent: true));
        _gate.Release(suspended: false);
        Assert.True(_gate.TrySchedule(urgent: false));
    }

    [Fact]
    public void AnIdleActorIsScheduledOnce()
    {
        Assert.True(_gate.TrySchedule(urgent: false));
        Assert.False(_gate.TrySchedule(urgent: false));
        Assert.False(_gate.TrySchedule(urgent: true));
        _gate.Release(suspended: false);
        Assert.True(_gate.TrySchedule(urgent: false));
    }

    [Fact]
    public void ASuspendedActorIsScheduledForUrgentWorkOnly()
    {
        Assert.True(_gate.TrySchedule(urgent: false));
        _gate.Release(suspended: true);
        Assert.False(_gate.TrySchedule(urgent: false));
        Assert.True(_gate.TrySchedule(urgent: true));
        Assert.True(_gate.IsScheduled);
    }
}
