using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Troupe.Actors;
using Troupe.Smp.Host;

namespace Troupe.Smp.Tests.Host;

/// <summary>Workers on Linux's thread calls, on this Linux: where they run, with what priority, and what is said where the kernel refuses.</summary>
public sealed partial class LinuxWorkerHostTests
{
    private const int LowestPriority = 19;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task EachWorkerIsBoundToOneOfTheProcessorsOfTheProcess()
    {
        int[] allowed = LinuxThread.AllowedProcessors();
        await using var system = new ActorSystem(new ActorSystemOptions { Host = new LinuxWorkerHost() });
        Assert.Equal(allowed.Length, system.ProcessorCount);
        for (int processor = 0; processor < allowed.Length; processor++)
        {
            var seen = new TaskCompletionSource<int[]>();
            Run(system, processor, () => seen.SetResult(LinuxThread.AllowedProcessors()));
            Assert.Equal([allowed[processor]], await seen.Task.WaitAsync(Patience));
        }
    }

    [Fact]
    public async Task ADetachedThreadHasALowerPriorityAndIsBoundNoLonger()
    {
        using var world = new World();
        long thread = await world.BlockAsync(processor: 0);
        await UntilAsync(() => LinuxThread.PriorityOf(thread) == Math.Min(Math.Max(LinuxThread.ProcessPriority, 0) + 10, LowestPriority));
        await UntilAsync(() => LinuxThread.AllowedProcessors(thread).SequenceEqual(LinuxThread.AllowedProcessors()));
    }

    [Fact]
    public async Task TheThreadThatTakesAProcessorOverIsAsTheOneBefore()
    {
        using var world = new World();
        await world.BlockAsync(processor: 0);
        (int priority, int[] processors) = await world.LookAtWorkerAsync(0);
        Assert.Equal(LinuxThread.ProcessPriority, priority);
        Assert.Equal([LinuxThread.AllowedProcessors()[0]], processors);
    }

    /// <summary>As after many detachments: a thread that was of low priority once works as any other.</summary>
    [Fact]
    public async Task EveryWorkerHasItsPriorityHoweverManyWereDetachedBefore()
    {
        for (int round = 0; round < 5; round++)
        {
            using var world = new World();
            for (int turn = 0; turn < 10; turn++)
            {
                await world.BlockAsync(processor: turn % 2);
                world.Release();
                await UntilAsync(() => world.System.DetachedThreadCount == 0);
                (int priority, int[] processors) = await world.LookAtWorkerAsync(turn % 2);
                Assert.Equal((LinuxThread.ProcessPriority, 1), (priority, processors.Length));
            }
        }
    }

    [Fact]
    public async Task ATurnThatBlocksIsNotAccountedProcessorTime()
    {
        using var world = new World();
        ActorRef actor = await world.BlockActorAsync(processor: 0);
        await Task.Delay(500);
        Assert.InRange(actor.TurnTime, TimeSpan.Zero, TimeSpan.FromMilliseconds(250));
    }

    [Fact]
    public async Task ATurnThatSpinsIsAccountedWhatItHasHad()
    {
        using var world = new World();
        long id = 0;
        ActorRef actor = Run(world.System, null, () =>
        {
            Volatile.Write(ref id, LinuxThread.CurrentId);
            while (!world.IsReleased)
            {
            }
        });
        await UntilAsync(() => Volatile.Read(ref id) != 0 && LinuxThread.ProcessorTime(Volatile.Read(ref id)) > TimeSpan.FromMilliseconds(300));
        await UntilAsync(() => actor.TurnTime > TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public async Task WhereThePriorityCannotBeRaisedItIsSaidOnceAndTheRestWorks()
    {
        var said = new ConcurrentQueue<string>();
        var systems = new TaskCompletionSource<ActorSystem[]>();
        var unprivileged = new Thread(() =>
        {
            Assert.True(Capabilities.GiveUp());
            var host = new LinuxWorkerHost(report: said.Enqueue);
            systems.SetResult([new ActorSystem(new ActorSystemOptions { Host = host }), new ActorSystem(new ActorSystemOptions { Host = host })]);
        });
        unprivileged.Start();
        foreach (ActorSystem system in await systems.Task.WaitAsync(Patience))
        {
            await using ActorSystem disposed = system;
            await UntilAsync(() => !said.IsEmpty);
            var ran = new TaskCompletionSource();
            Run(system, 0, ran.SetResult);
            await ran.Task.WaitAsync(Patience);
        }

        Assert.Contains("CAP_SYS_NICE", Assert.Single(said), StringComparison.Ordinal);
    }

    private static ActorRef Run(ActorSystem system, int? processor, Action body)
    {
        ActorRef<int> actor = system.Spawn(new Doing(body), processor: processor);
        actor.Tell(0);
        return actor;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, "It did not come true in time.");
            await Task.Delay(1);
        }
    }

    private sealed class Doing(Action body) : Actor<int>
    {
        protected override ValueTask ReceiveAsync(int message)
        {
            body();
            return default;
        }
    }

    /// <summary>Two workers, and turns that last until they are released.</summary>
    private sealed class World : IDisposable
    {
        private int _released;

        public ActorSystem System { get; } = new(new ActorSystemOptions { Host = new LinuxWorkerHost(2, static _ => { }), ShutdownTimeout = Patience });

        public bool IsReleased => Volatile.Read(ref _released) != 0;

        public void Release() => Volatile.Write(ref _released, 1);

        /// <summary>Returns the id of the thread, once it is detached.</summary>
        public async Task<long> BlockAsync(int processor)
        {
            var id = new TaskCompletionSource<long>();
            await StartAsync(processor, id);
            return await id.Task;
        }

        public async Task<ActorRef> BlockActorAsync(int processor) => await StartAsync(processor, new TaskCompletionSource<long>());

        /// <summary>What the thread is that works for a processor. On a busy host the turn that looks may be detached itself; then another one looks.</summary>
        public async Task<(int Priority, int[] Processors)> LookAtWorkerAsync(int processor)
        {
            for (int tries = 0; tries < 100; tries++)
            {
                long before = System.DetachmentCount;
                var seen = new TaskCompletionSource<(int Priority, int[] Processors, long Detachments)>();
                Run(System, processor, () => seen.SetResult((LinuxThread.PriorityOf(0), LinuxThread.AllowedProcessors(), System.DetachmentCount)));
                (int priority, int[] processors, long after) = await seen.Task.WaitAsync(Patience);
                if (after == before)
                    return (priority, processors);
            }

            throw new TimeoutException("Every turn that looked was detached.");
        }

        public void Dispose()
        {
            Release();
            System.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        private async Task<ActorRef> StartAsync(int processor, TaskCompletionSource<long> id)
        {
            Volatile.Write(ref _released, 0);
            ActorRef actor = Run(System, processor, () =>
            {
                id.SetResult(LinuxThread.CurrentId);
                while (!IsReleased)
                    Thread.Sleep(1);
            });
            await id.Task.WaitAsync(Patience);
            await UntilAsync(() => System.DetachedThreadCount == 1);
            return actor;
        }
    }

    /// <summary>man 2 capset: rights are a thread's, and threads that it starts have no more.</summary>
    private static partial class Capabilities
    {
        // include/uapi/linux/capability.h
        private const uint Version = 0x20080522;

        public static bool GiveUp() => Set([Version, 0], new uint[6]) == 0;

        [LibraryImport("libc", EntryPoint = "capset")]
        private static partial int Set(uint[] header, uint[] data);
    }
}
