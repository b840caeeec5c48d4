using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Troupe.Actors;
using Troupe.Smp.Kernel;
using ParkingWord = Troupe.Smp.Host.ParkingWord<Troupe.Core.Memory.ProcessorMemory, Troupe.Smp.Host.LinuxFutex>;

namespace Troupe.Smp.Host;

/// <summary>The guest's workers: Linux's threads in the high band, in the low band once detached; parked on the word that interrupts wake.</summary>
internal sealed unsafe class MachineWorkerHost(WorkerInterrupts interrupts, int processors) : IWorkerHost
{
    private readonly LinuxWorkerHost _threads = new(processors, LinuxThread.HighPriority, LinuxThread.HighPriority, hasSlices: false, report: null);

    /// <inheritdoc/>
    public int ProcessorCount => processors;

    /// <inheritdoc/>
    public long CurrentThreadId => _threads.CurrentThreadId;

    /// <inheritdoc/>
    public IParker CreateParker(int processor) => new InterruptParker(interrupts, processor);

    /// <inheritdoc/>
    public IParker CreateMonitorParker() => _threads.CreateMonitorParker();

    /// <inheritdoc/>
    public bool ShowsRunningActors => true;

    /// <inheritdoc/>
    public void StartWorker(int processor, RunningActor[] running, Action body)
    {
        ArgumentNullException.ThrowIfNull(running);
        ArgumentNullException.ThrowIfNull(body);
        _threads.StartWorker(processor, running, () =>
        {
            ShowRunningActor(running);
            body();

            // The kernel half must not look there once the array may be collected.
            KernelCalls.Require("forget the worker", HostCall.ShowRunningActor);
            GC.KeepAlive(running);
        });
    }

    /// <inheritdoc/>
    public void StartMonitor(Action body) => _threads.StartMonitor(body);

    /// <inheritdoc/>
    public void Demote(long threadId) => _threads.Demote(threadId);

    /// <inheritdoc/>
    public TimeSpan? ProcessorTime(long threadId) => _threads.ProcessorTime(threadId);

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
        if (!ParkingWord.TryTake(ref word) && !interrupts.IsPending(processor))
        {
            ParkingWord.Sleep(ref word, timeout);
        }
    }

    /// <inheritdoc/>
    public void Unpark() => ParkingWord.Unpark(ref interrupts.Block(processor)->Park);
}
