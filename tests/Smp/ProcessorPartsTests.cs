using Troupe.Smp.Kernel.Processors;

namespace Troupe.Smp.Tests;

/// <summary>A processor for which memory is short takes none of it.</summary>
public sealed class ProcessorPartsTests
{
    private const int Allocations = 9;

    [Fact]
    public void WithMemoryThereIsEverything()
    {
        CountingMemory.Start(failAt: -1);
        ProcessorParts parts = default;
        Assert.True(ProcessorParts.TryAllocate<CountingMemory>(ref parts));
        Assert.Equal(Allocations, CountingMemory.Held.Count);
        ulong[] all = [parts.Block, parts.IdleThread, parts.TraceRing, parts.InterruptsOff, parts.KernelStack, parts.Fault, parts.NonMaskable, parts.DoubleFault, parts.MachineCheck];
        Assert.Equal(all.Order(), CountingMemory.Held.Keys.Order());
    }

    [Fact]
    public void WhereverMemoryRunsOutWhatWasTakenGoesBack()
    {
        for (int failAt = 0; failAt < Allocations; failAt++)
        {
            CountingMemory.Start(failAt);
            ProcessorParts parts = default;
            Assert.False(ProcessorParts.TryAllocate<CountingMemory>(ref parts));
            Assert.Empty(CountingMemory.Held);
        }
    }

    private readonly struct CountingMemory : IProcessorMemory
    {
        [ThreadStatic]
        private static Dictionary<ulong, (bool IsStack, ulong Pages)>? _held;

        [ThreadStatic]
        private static int _left;

        [ThreadStatic]
        private static ulong _next;

        public static Dictionary<ulong, (bool IsStack, ulong Pages)> Held => _held!;

        public static void Start(int failAt)
        {
            _held = [];
            _left = failAt;
            _next = 0x1000;
        }

        public static ulong Allocate(ulong frames) => Take(isStack: false, frames);

        public static void Free(ulong start, ulong frames) => Give(start, isStack: false, frames);

        public static ulong AllocateStack(ulong pages) => Take(isStack: true, pages);

        public static void FreeStack(ulong end, ulong pages) => Give(end, isStack: true, pages);

        // One allocation in the middle fails; those after it succeed again, as those of another size may.
        private static ulong Take(bool isStack, ulong pages)
        {
            if (_left-- == 0)
                return 0;
            _next += 0x1000;
            Held.Add(_next, (isStack, pages));
            return _next;
        }

        private static void Give(ulong address, bool isStack, ulong pages)
        {
            Assert.True(Held.Remove(address, out (bool, ulong) was));
            Assert.Equal((isStack, pages), was);
        }
    }
}
