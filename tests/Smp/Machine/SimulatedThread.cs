using Troupe.Smp.Kernel;

namespace Troupe.Smp.Tests.Machine;

/// <summary>A thread of the simulator: its program, and what the simulator itself measured of it.</summary>
public sealed unsafe class SimulatedThread(string name, KernelThread* block, IEnumerator<Operation> program)
{
    public string Name { get; } = name;

    public KernelThread* Block { get; } = block;

    public IEnumerator<Operation> Program { get; } = program;

    /// <summary>Nanoseconds of the present computation still to do.</summary>
    public long Remaining { get; set; }

    public long RunTime { get; set; }

    public bool Exited { get; set; }

    public long ExitedAt { get; set; }

    public int LastProcessor { get; set; } = -1;

    public ulong ProcessorsSeen { get; set; }
}
