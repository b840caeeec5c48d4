using System.Runtime.InteropServices;
using Troupe.Core.Memory;
using Troupe.Smp.Kernel;
using Troupe.Smp.Kernel.Scheduling;
using Troupe.Smp.Kernel.Waiting;

namespace Troupe.Smp.Tests.Machine;

/// <summary>A machine's worth of scheduler state in native memory. Any number of them live side by side.</summary>
public abstract unsafe class TestMachine : IDisposable
{
    private readonly List<nint> _memory = [];

    protected TestMachine(int processors)
    {
        ProcessorCount = processors;
        TestProcessors.Enter(this, 0);
        Threads = (ThreadTable<ProcessorMemory, TestProcessors>*)Allocate(sizeof(ThreadTable<ProcessorMemory, TestProcessors>));
        Scheduler = (Scheduler<ProcessorMemory, TestProcessors>*)Allocate(sizeof(Scheduler<ProcessorMemory, TestProcessors>));
        Futexes = (FutexTable<ProcessorMemory, TestProcessors, TestUserWord>*)Allocate(sizeof(FutexTable<ProcessorMemory, TestProcessors, TestUserWord>));
        Scheduler->Initialize(Allocate(Scheduler<ProcessorMemory, TestProcessors>.MemoryRequired(processors)), processors, Threads);
        Futexes->Initialize(Allocate(FutexTable<ProcessorMemory, TestProcessors, TestUserWord>.MemoryRequired), Scheduler);
        for (int processor = 0; processor < processors; processor++)
            Scheduler->StartProcessor(processor, (KernelThread*)Allocate(KernelThread.Size), null);
    }

    public int ProcessorCount { get; }

    public abstract long Now { get; }

    public ThreadTable<ProcessorMemory, TestProcessors>* Threads { get; }

    public Scheduler<ProcessorMemory, TestProcessors>* Scheduler { get; }

    public FutexTable<ProcessorMemory, TestProcessors, TestUserWord>* Futexes { get; }

    public abstract void OnInterrupt(int sender, int target);

    /// <summary>Zeroed, page-aligned, freed with the machine.</summary>
    public void* Allocate(int bytes)
    {
        void* memory = NativeMemory.AlignedAlloc((nuint)bytes, 4096);
        NativeMemory.Clear(memory, (nuint)bytes);
        lock (_memory)
            _memory.Add((nint)memory);
        return memory;
    }

    public KernelThread* NewThread()
    {
        KernelThread* thread = Threads->Allocate<TestPages>();
        Assert.True(thread != null);
        return thread;
    }

    public void Dispose()
    {
        foreach (nint block in _memory)
            NativeMemory.AlignedFree((void*)block);
        _memory.Clear();
        GC.SuppressFinalize(this);
    }

    /// <summary>Pages for thread blocks: theirs for the life of the process, as in the kernel.</summary>
    public readonly struct TestPages : IPageSource
    {
        public static void* Allocate() => NativeMemory.AlignedAlloc(4096, 4096);
    }
}
