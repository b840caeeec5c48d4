using Troupe.Core.Machine;

namespace Troupe.Verification.Coyote;

/// <summary>
/// The platform seam under Coyote: a task is a processor. An interrupt is a flag under a lock, and a processor that halts waits for
/// it, so that a lost wake-up is a deadlock, which Coyote reports.
/// </summary>
internal readonly struct CoyoteProcessors : IProcessors
{
    /// <summary>The machine of this test; tests run at the same time, each in its own flow.</summary>
    private static readonly AsyncLocal<Machine?> CurrentMachine = new();

    private static readonly AsyncLocal<int> CurrentProcessor = new();

    public static int Current => CurrentProcessor.Value;

    public static int Count => The.Count;

    public static long Now => 0;

    private static Machine The => CurrentMachine.Value!;

    /// <summary>Starts a machine with so many processors; the caller is processor 0.</summary>
    public static void PowerOn(int count, Action<int>? onPause = null)
    {
        CurrentMachine.Value = new Machine(count, onPause);
        CurrentProcessor.Value = 0;
    }

    /// <summary>Runs a body on each processor.</summary>
    public static void Run(params Action[] bodies)
    {
        var numbered = new Action[bodies.Length];
        for (var i = 0; i < bodies.Length; i++)
        {
            var (processor, body) = (i, bodies[i]);
            numbered[i] = () =>
            {
                CurrentProcessor.Value = processor;
                body();
            };
        }

        Together.Run(numbered);
    }

    public static void Pause()
    {
        The.OnPause?.Invoke(Current);
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

    /// <summary>Whether an interrupt waits, and takes it.</summary>
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

    /// <summary>Halts (<c>sti; hlt</c>) until an interrupt waits.</summary>
    public static void Halt()
    {
        var pending = The.Pending[Current];
        lock (pending)
        {
            while (!pending[0] && !pending[1]) Monitor.Wait(pending);
        }
    }

    private sealed class Machine(int count, Action<int>? onPause)
    {
        public int Count { get; } = count;

        public Action<int>? OnPause { get; } = onPause;

        public bool[][] Pending { get; } = [.. Enumerable.Range(0, count).Select(_ => new bool[2])];
    }
}
