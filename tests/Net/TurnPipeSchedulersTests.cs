using Troupe.Actors;
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
        await AssertActorsAsync(system, TurnPipeSchedulers.MostKept);
        schedulers.Close();
        await AssertActorsAsync(system, 0);
    }

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
