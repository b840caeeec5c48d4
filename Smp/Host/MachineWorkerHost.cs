using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Troupe.Actors;
using Troupe.Core.Memory;
using Troupe.Smp.Kernel;

namespace Troupe.Smp.Host;

/// <summary>The guest's workers: one thread pinned to each processor (and one more for each that is detached), in the high band, parked on the word that interrupts wake.</summary>
internal sealed unsafe class MachineWorkerHost(WorkerInterrupts interrupts, int processors) : IWorkerHost
{
    /// <inheritdoc/>
    public int ProcessorCount => processors;

    /// <inheritdoc/>
    public IParker CreateParker(int processor) => new InterruptParker(interrupts, processor);

    /// <inheritdoc/>
    public void StartWorker(int processor, RunningActor[] running, Action body)
    {
        ArgumentNullException.ThrowIfNull(running);
        ArgumentNullException.ThrowIfNull(body);
        var thread = new Thread(() =>
        {
            LinuxThread.SetAffinity(processor);
            LinuxThread.SetPriority(LinuxThread.HighPriority);
            ShowRunningActor(running);
            body();

            // The kernel half must not look there once the array may be collected.
            KernelCalls.Require("forget the worker", HostCall.ShowRunningActor);
            GC.KeepAlive(running);
        })
        {
            IsBackground = true,
            Name = $"worker {processor}",
        };
        thread.Start();
    }

    /// <inheritdoc/>
    public long CurrentThreadId => LinuxThread.CurrentId;

    /// <summary>In the workers' band, and on whichever processor has room.</summary>
    public void StartMonitor(Action body)
    {
        ArgumentNullException.ThrowIfNull(body);
        new Thread(() =>
        {
            LinuxThread.SetPriority(LinuxThread.HighPriority);
            body();
        })
        {
            IsBackground = true,
            Name = "quantum monitor",
        }.Start();
    }

    /// <inheritdoc/>
    public void Demote(long threadId) => LinuxThread.SetPriority(threadId, LinuxThread.LowPriority);

    /// <inheritdoc/>
    public int DrainInterrupts(int processor) => interrupts.Drain(processor);

    /// <summary>Tells the kernel half where the calling thread's actor is named, and by which word it may know a string.</summary>
    private static void ShowRunningActor(RunningActor[] running)
    {
        string known = string.Empty;
        long text = *(long*)Unsafe.As<string, nint>(ref known);
        KernelCalls.Require("remember the worker", HostCall.ShowRunningActor, Marshal.UnsafeAddrOfPinnedArrayElement(running, 0), text);
    }
}

/// <summary>Parks on a processor's <see cref="WorkerBlock"/>.</summary>
internal sealed unsafe class InterruptParker(WorkerInterrupts interrupts, int processor) : IParker
{
    /// <inheritdoc/>
    public void Park(TimeSpan timeout)
    {
        ref int word = ref interrupts.Block(processor)->Park;

        // Takes the permit, if there is one; what came before it is seen by whoever returns from here.
        if (ProcessorMemory.Exchange(ref word, WorkerBlock.Empty) == WorkerBlock.Permit || interrupts.IsPending(processor))
        {
            return;
        }

        if (ProcessorMemory.CompareExchange(ref word, WorkerBlock.Parked, WorkerBlock.Empty) == WorkerBlock.Empty)
        {
            // Early returns (a signal, the timeout) are allowed: the worker looks again.
            LinuxThread.WaitOnWord(ref word, WorkerBlock.Parked, timeout);
        }

        ProcessorMemory.Exchange(ref word, WorkerBlock.Empty);
    }

    /// <inheritdoc/>
    public void Unpark()
    {
        ref int word = ref interrupts.Block(processor)->Park;
        if (ProcessorMemory.Exchange(ref word, WorkerBlock.Permit) == WorkerBlock.Parked)
        {
            LinuxThread.WakeWord(ref word);
        }
    }
}
