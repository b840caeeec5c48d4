using Troupe.Core.Memory;
using Troupe.Smp.Kernel;

namespace Troupe.Smp.Host;

/// <summary>
/// The workers' side of <see cref="WorkerBlock"/>: takes the pending bits of a processor and runs what is connected to them.
/// </summary>
/// <remarks>
/// A callback slot is written by <see cref="Set"/> and <see cref="Clear"/> from any thread and read by workers. <see cref="Clear"/> returns only when
/// no worker is inside the callback: each worker says which vector it is running (exchange, then read of the slot), and the
/// clearer writes the slot (exchange) before it looks: one of the two sees the other.
/// </remarks>
internal sealed unsafe class WorkerInterrupts
{
    private const int VectorCount = 256;

    private readonly Action?[] _callbacks = new Action?[VectorCount];
    private readonly int[] _running;
    private readonly WorkerBlock* _blocks;
    private int _next;

    internal WorkerInterrupts(int processors) : this(processors, (WorkerBlock*)KernelCalls.Require("show the worker blocks", HostCall.WorkerBlocks))
    {
    }

    internal WorkerInterrupts(int processors, WorkerBlock* blocks)
    {
        _running = new int[processors];
        _blocks = blocks;
    }

    /// <summary>A processor's block.</summary>
    internal WorkerBlock* Block(int processor) => _blocks + processor;

    /// <summary>Spreads sources over the processors.</summary>
    internal int ChooseProcessor() => (int)((uint)(ProcessorMemory.Add(ref _next, 1) - 1) % (uint)_running.Length);

    internal void Set(int vector, Action callback) => ProcessorMemory.Exchange(ref _callbacks[vector], callback);

    internal void Clear(int vector)
    {
        ProcessorMemory.Exchange(ref _callbacks[vector], null);
        var spin = default(SpinWait);
        foreach (ref int running in _running.AsSpan())
        {
            while (ProcessorMemory.LoadAcquire(ref running) == vector)
            {
                spin.SpinOnce();
            }
        }
    }

    /// <summary>Whether an interrupt of the processor waits: the recheck before parking.</summary>
    internal bool IsPending(int processor)
    {
        WorkerBlock* block = Block(processor);
        for (int word = 0; word < WorkerBlock.Words; word++)
        {
            if (ProcessorMemory.LoadAcquire(ref *(&block->Pending + word)) != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Runs the callbacks of the interrupts that have come; on the processor's worker.</summary>
    internal int Drain(int processor)
    {
        WorkerBlock* block = Block(processor);
        int count = 0;
        for (int word = 0; word < WorkerBlock.Words; word++)
        {
            ref long pending = ref *(&block->Pending + word);
            if (ProcessorMemory.LoadAcquire(ref pending) == 0)
            {
                continue;
            }

            ulong bits = (ulong)ProcessorMemory.Exchange(ref pending, 0);
            while (bits != 0)
            {
                int bit = System.Numerics.BitOperations.TrailingZeroCount(bits);
                bits &= bits - 1;
                Run(processor, WorkerBlock.FirstVector + (word * 64) + bit);
                count++;
            }
        }

        return count;
    }

    private void Run(int processor, int vector)
    {
        ProcessorMemory.Exchange(ref _running[processor], vector);
        try
        {
            ProcessorMemory.LoadAcquire(ref _callbacks[vector])?.Invoke();
        }
        finally
        {
            ProcessorMemory.StoreRelease(ref _running[processor], 0);
        }
    }
}
