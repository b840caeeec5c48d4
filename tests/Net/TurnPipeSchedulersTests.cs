using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Net.Contracts;

namespace Troupe.Net.Tests;

public sealed class TurnPipeSchedulersTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task ASchedulerThatCameBackIsTheNextConnections()
    {
        await using ActorSystem system = new();
        TurnPipeSchedulers schedulers = new();
        TurnPipeScheduler first = schedulers.Rent(system, mayBlock: true);
        Assert.NotSame(first, schedulers.Rent(system, mayBlock: true));
        schedulers.Return(first);
        Assert.NotSame(first, schedulers.Rent(system, mayBlock: false));
        Assert.Same(first, schedulers.Rent(system, mayBlock: true));
    }

    [Fact]
    public async Task NoMoreAreKeptThanMayBe()
    {
        await using ActorSystem system = new();
        TurnPipeSchedulers schedulers = new();
        TurnPipeScheduler[] rented = [.. Enumerable.Range(0, TurnPipeSchedulers.MostKept + 10).Select(_ => schedulers.Rent(system, mayBlock: false))];
        foreach (TurnPipeScheduler scheduler in rented)
            schedulers.Return(scheduler);
        // And the one that looks after them.
        await AssertActorsAsync(system, TurnPipeSchedulers.MostKept + 1);
        schedulers.Close();
        await AssertActorsAsync(system, 0);
    }

    // Only the actor that looks is left, and it has no timer to look again.
    [Fact]
    public void WhatNoConnectionNeedsForAWhileEnds() => TestSystem.Run(async test =>
    {
        TurnPipeSchedulers schedulers = new();
        TurnPipeScheduler[] rented = [.. Enumerable.Range(0, 10).Select(_ => schedulers.Rent(test.System, mayBlock: false))];
        foreach (TurnPipeScheduler scheduler in rented)
            schedulers.Return(scheduler);
        for (int second = 0; second < 30; second++)
        {
            await test.AdvanceAsync(TimeSpan.FromSeconds(1));
            schedulers.Return(schedulers.Rent(test.System, mayBlock: false));
        }

        await test.WhenIdle();
        Assert.Equal(1 + 1, test.System.ActorCount);
        await test.AdvanceAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(1, test.System.ActorCount);
    });

    [Fact]
    public async Task WhatBeginsTogetherOnThePoolRunsInTurns()
    {
        await using ActorSystem system = new();
        TurnPipeSchedulers schedulers = new();
        using CountdownEvent begun = new(10);
        int onPool = 0;
        for (int connection = 0; connection < 10; connection++)
        {
            schedulers.Rent(system, mayBlock: true).Begin(
                _ =>
                {
                    Interlocked.Add(ref onPool, Thread.CurrentThread.IsThreadPoolThread ? 1 : 0);
                    begun.Signal();
                },
                null);
        }

        Assert.True(begun.Wait(Limit));
        Assert.Equal(0, onPool);
    }

    [Fact]
    public async Task WhatBeginsWhileTheStackEndsStillRuns()
    {
        await using ActorSystem system = new();
        TurnPipeSchedulers schedulers = new();
        TurnPipeScheduler scheduler = schedulers.Rent(system, mayBlock: true);
        schedulers.Close();
        TaskCompletionSource ran = new(TaskCreationOptions.RunContinuationsAsynchronously);
        scheduler.Begin(_ => ran.SetResult(), null);
        await ran.Task.WaitAsync(Limit);
        schedulers.Return(scheduler);
        await AssertActorsAsync(system, 0);
    }

    private static async Task AssertActorsAsync(ActorSystem system, int count)
    {
        for (int attempt = 0; attempt < 1000 && system.ActorCount != count; attempt++)
            await Task.Delay(10);
        Assert.Equal(count, system.ActorCount);
    }
}
