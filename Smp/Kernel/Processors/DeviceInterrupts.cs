using Troupe.Core.Machine;
using Troupe.Core.Memory;
using Troupe.Smp.Kernel.SystemCalls;

namespace Troupe.Smp.Kernel.Processors;

/// <summary>
/// Devices' interrupts on their way to messages: a vector is a bit of the worker block of the processor it is routed to. Nothing of the
/// device is known here. A wired level is masked until its driver acknowledges; a message is never masked.
/// </summary>
/// <remarks>Each vector is claimed before its source is written, so no two calls write one; an interrupt reads it without a lock: the
/// source is complete before the line is unmasked. A vector is given back when its source is quiet, but an interrupt that left before may
/// still come: it finds no processor and is dropped, or wakes the vector's next owner once too often.</remarks>
internal static unsafe class DeviceInterrupts
{
    private const int Vectors = 256;
    private const uint LineFlag = 1, LevelFlag = 2;

    private unsafe struct Sources
    {
        internal fixed uint Flags[Vectors];
        internal fixed uint Line[Vectors];

        // One more than the processor's index; 0: not open.
        internal fixed int Processor[Vectors];
    }

    private static Sources _sources;
    private static ulong _blocks;

    /// <summary>Address of the worker blocks.</summary>
    internal static ulong Blocks => _blocks;

    internal static void Initialize(MachineDescription* machine, ulong page)
    {
        _blocks = page;
        InterruptRouter.Initialize(machine);
    }

    /// <summary>An interrupt has come on this processor.</summary>
    internal static void Post(byte vector)
    {
        if ((_sources.Flags[vector] & LevelFlag) != 0)
        {
            InterruptRouter.Mask(_sources.Line[vector]);
        }

        // Read once: another processor may be closing it.
        int processor = ProcessorMemory.LoadAcquire(ref _sources.Processor[vector]);
        if (processor == 0)
        {
            // Closed a moment ago, or never open.
            return;
        }

        int bit = vector - WorkerBlock.FirstVector;
        var block = (WorkerBlock*)(_blocks + ((ulong)(processor - 1) * WorkerBlock.Size));
        AtomicBits.Set(ref *(&block->Pending + (bit / 64)), 1L << (bit % 64));
        if (ProcessorMemory.Exchange(ref block->Park, WorkerBlock.Permit) == WorkerBlock.Parked)
        {
            Threads.Wake((ulong)&block->Park, 1, ~0U);
        }
    }

    internal static long OpenLine(uint line, ulong wanted, ulong processor)
    {
        if (processor >= (ulong)KernelProcessors.Count)
        {
            return Errno.InvalidArgument;
        }

        int vector = InterruptVectors.Allocate();
        if (vector < 0)
        {
            return Errno.NoMemory;
        }

        bool level = (wanted & 1) != 0;
        _sources.Line[vector] = line;
        _sources.Processor[vector] = (int)processor + 1;
        _sources.Flags[vector] = LineFlag | (level ? LevelFlag : 0);
        bool routed = InterruptRouter.Route(
            line, (byte)vector, ProcessorBlocks.Get((int)processor)->ApicId,
            (wanted & 2) != 0 ? InterruptPolarity.ActiveLow : InterruptPolarity.ActiveHigh,
            level ? InterruptTrigger.Level : InterruptTrigger.Edge);
        if (routed)
        {
            return vector;
        }

        Forget(vector);
        return Errno.InvalidArgument;
    }

    internal static long OpenMessage(ulong processor, ulong destination)
    {
        if (processor >= (ulong)KernelProcessors.Count)
        {
            return Errno.InvalidArgument;
        }

        int vector = InterruptVectors.Allocate();
        if (vector < 0)
        {
            return Errno.NoMemory;
        }

        _sources.Processor[vector] = (int)processor + 1;
        if (!MessageSignalled.Compose(ProcessorBlocks.Get((int)processor)->ApicId, (byte)vector, out ulong address, out uint data)
            || !UserMemory.TryWrite64(destination, address))
        {
            Forget(vector);
            return Errno.InvalidArgument;
        }

        return (long)((uint)vector | ((ulong)data << 32));
    }

    /// <summary>Routes a vector that stands for an event of a hypervisor to a processor's worker.</summary>
    internal static void Adopt(int vector, int processor) => ProcessorMemory.StoreRelease(ref _sources.Processor[vector], processor + 1);

    internal static long SetMask(ulong vector, bool masked)
    {
        if (vector >= Vectors || (_sources.Flags[vector] & LineFlag) == 0)
        {
            return Errno.InvalidArgument;
        }

        uint line = _sources.Line[vector];
        return (masked ? InterruptRouter.Mask(line) : InterruptRouter.Unmask(line)) ? 0 : Errno.InvalidArgument;
    }

    internal static long Close(ulong vector)
    {
        if (vector >= Vectors || _sources.Processor[vector] == 0)
        {
            return Errno.InvalidArgument;
        }

        if ((_sources.Flags[vector] & LineFlag) != 0)
        {
            InterruptRouter.Mask(_sources.Line[vector]);
        }

        Forget((int)vector);
        return 0;
    }

    private static void Forget(int vector)
    {
        _sources.Flags[vector] = 0;
        _sources.Processor[vector] = 0;
        InterruptVectors.Free(vector);
    }
}
