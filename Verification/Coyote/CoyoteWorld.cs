using Troupe.Core.Machine;
using Troupe.Verification.Atomics;
using Troupe.Verification.Protocols;

namespace Troupe.Verification.Coyote;

/// <summary>
/// The platform seam under Coyote: a task is a processor. An interrupt is a flag under a lock, and a processor that halts waits for
/// it, so that a lost wake-up is a deadlock, which Coyote reports. Pause yields to Coyote's scheduler.
/// </summary>
internal readonly struct CoyoteWorld : IWorld
{
    /// <summary>The machine of this test; tests may run at the same time, each in its own flow.</summary>
    private static readonly AsyncLocal<Machine?> CurrentMachine = new();

    private static readonly AsyncLocal<int> CurrentProcessor = new();

    public static int Current => CurrentProcessor.Value;

    public static int Count => The.Count;

    public static long Now => 0;

    public static Protocol Protocol => The.Protocol!;

    private static Machine The => CurrentMachine.Value!;

    /// <summary>Makes a test of a protocol.</summary>
    public static Action Run<TProtocol>(Func<TProtocol> create)
        where TProtocol : Protocol => () =>
        {
            PowerOn(3);
            var protocol = create();
            The.Protocol = protocol;
            Run(protocol.Processors);
            protocol.Check();
        };

    /// <summary>Starts a machine with so many processors; the caller is processor 0.</summary>
    public static void PowerOn(int count)
    {
        CurrentMachine.Value = new Machine(count);
        CurrentProcessor.Value = 0;
    }

    /// <summary>Runs a body on each processor. (Coyote does not control the span overloads of the waits, so arrays.)</summary>
    public static void Run(params Action[] bodies)
    {
        var tasks = new Task[bodies.Length];
        var start = RealThreads.Start.For(bodies.Length);
        for (var i = 0; i < bodies.Length; i++)
        {
            var (processor, body) = (i, bodies[i]);
            tasks[i] = Task.Run(() =>
            {
                CurrentProcessor.Value = processor;
                AtomicOperations.Name($"processor {processor}");
                start?.Meet();
                body();
            });
        }

        Task.WaitAll(tasks);
    }

    public static void Pause()
    {
        The.Protocol?.OnPause();
        Thread.Yield();
    }

    public static void Interrupt(int processor, ProcessorInterrupt reason)
    {
        var pending = The.Pending[processor];
        lock (pending)
        {
            pending[(int)reason] = true;
            Monitor.Pulse(pending);
        }
    }

    public static bool Take(ProcessorInterrupt reason)
    {
        var pending = The.Pending[Current];
        lock (pending)
        {
            var waits = pending[(int)reason];
            pending[(int)reason] = false;
            return waits;
        }
    }

    public static void Halt()
    {
        var pending = The.Pending[Current];
        lock (pending)
        {
            while (!pending[0] && !pending[1]) Monitor.Wait(pending);
        }
    }

    private sealed class Machine(int count)
    {
        public int Count { get; } = count;

        public Protocol? Protocol { get; set; }

        public bool[][] Pending { get; } = [.. Enumerable.Range(0, count).Select(_ => new bool[2])];
    }
}
