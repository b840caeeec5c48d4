using System.Diagnostics;
using Troupe.Core.Machine.Memory;
using Xunit.Abstractions;

namespace Troupe.Core.Tests.Memory;

[Collection("physical memory")]
public sealed unsafe class FrameAllocatorTests(ITestOutputHelper output)
{
    private const ulong Megabyte = HostedMachine.Megabyte;
    private const ulong Gigabyte = HostedMachine.Gigabyte;

    [Fact]
    public void EveryFrameIsHandedOutExactlyOnceAndThenMemoryIsExhausted()
    {
        using var machine = HostedMachine.WithMegabytes(32);
        var seen = new HashSet<ulong>();
        for (ulong frame = machine.Frames->Allocate(); frame != 0; frame = machine.Frames->Allocate())
        {
            Assert.True(PageSize.IsAligned(frame, PageSize.Small));
            Assert.InRange(frame, 64UL * 1024, (32 * Megabyte) - 1);
            Assert.True(seen.Add(frame));
        }

        Assert.Equal(machine.Frames->TotalFrames, seen.Count);
        Assert.Equal(0, machine.Frames->FreeFrames);
        Assert.Equal(machine.Frames->TotalFrames, machine.Frames->PeakFrames);
        Assert.InRange(seen.Count, 8192 - 16 - 8, 8192 - 16);
    }

    [Fact]
    public void FreedMemoryMergesIntoLargestBlocks()
    {
        using var machine = HostedMachine.WithMegabytes(32);
        var frames = new List<ulong>();
        for (ulong frame = machine.Frames->Allocate(); frame != 0; frame = machine.Frames->Allocate())
            frames.Add(frame);
        var random = Seed.Next(output);
        foreach (ulong frame in frames.OrderBy(_ => random.Next()))
            machine.Frames->Free(frame);

        // 32 MB less the first chunk, which the allocator's state and the null window break: 7 blocks of 4 MiB.
        int blocks = 0;
        while (machine.Frames->AllocateContiguous(1024, PageSize.Small, false) != 0)
            blocks++;
        Assert.Equal(7, blocks);
        Assert.Empty(HostedMachine.Errors);
    }

    [Fact]
    public void ReservedMemoryAndHolesAreNeverHandedOut()
    {
        MemoryRange[] usable =
        [
            new(0x100000, 8 * Megabyte), new(0, 0x9fc00), new(6 * Megabyte, 12 * Megabyte), new(20 * Megabyte, (24 * Megabyte) + 100),
        ];
        MemoryRange[] reserved = [new(0x200123, 0x345678), new(0x345000, 0x400000), new(11 * Megabyte, 21 * Megabyte), new(5, 5)];
        using var machine = new HostedMachine(usable, reserved);
        for (ulong frame = machine.Frames->Allocate(); frame != 0; frame = machine.Frames->Allocate())
        {
            ulong end = frame + PageSize.Small;
            Assert.Contains(usable, range => Overlaps(frame, end, range));
            Assert.DoesNotContain(reserved, range => Overlaps(frame, end, range));
            Assert.False(end > 0x9fc00 && frame < 0x100000);
            Assert.True(end <= 24 * Megabyte);
        }
    }

    [Fact]
    public void AMachineOf64GigabytesStartsWithoutTouchingItsMemory()
    {
        var clock = Stopwatch.StartNew();
        using var machine = new HostedMachine([new(0, 3 * Gigabyte), new(4 * Gigabyte, 65 * Gigabyte)]);
        clock.Stop();
        output.WriteLine($"{clock.Elapsed.TotalMilliseconds:f2} ms");
        Assert.True(machine.Initialized);
        Assert.InRange(machine.Frames->TotalFrames, (64L << 18) - 8192, 64L << 18);
        Assert.True(clock.ElapsedMilliseconds < 100);
    }

    [Fact]
    public void HighMemoryIsUsedOnlyOnceAdmittedAndThenFirst()
    {
        using var machine = new HostedMachine([new(0, 64 * Megabyte), new(4 * Gigabyte, 5 * Gigabyte)]);
        Assert.True(machine.Frames->AllocateContiguous(1, PageSize.Small, false) < 4 * Gigabyte);
        machine.Frames->AdmitHighMemory();
        Assert.True(machine.Frames->AllocateContiguous(1, PageSize.Small, false) >= 4 * Gigabyte);
        Assert.True(machine.Frames->AllocateContiguous(1, PageSize.Small, true) < 4 * Gigabyte);
    }

    [Fact]
    public void WhenHighMemoryIsGoneLowMemoryServes()
    {
        using var machine = new HostedMachine([new(0, 8 * Megabyte), new(4 * Gigabyte, (4 * Gigabyte) + (8 * Megabyte))]);
        machine.Frames->AdmitHighMemory();
        int count = 0;
        while (machine.Frames->Allocate() != 0)
            count++;
        Assert.Equal(machine.Frames->TotalFrames, count);
    }

    [Theory]
    [InlineData(1, 4096)]
    [InlineData(3, 4096)]
    [InlineData(5, 65536)]
    [InlineData(17, 4096)]
    [InlineData(1, 4194304)]
    [InlineData(1000, 8192)]
    [InlineData(1024, 4194304)]
    public void ContiguousMemoryIsAlignedAndItsTailStaysFree(int frames, int alignment)
    {
        using var machine = HostedMachine.WithMegabytes(32);
        long before = machine.Frames->FreeFrames;
        ulong start = machine.Frames->AllocateContiguous((ulong)frames, (ulong)alignment, true);
        Assert.NotEqual(0UL, start);
        Assert.True(PageSize.IsAligned(start, (ulong)alignment));
        Assert.Equal(before - frames, machine.Frames->FreeFrames);
        machine.Frames->FreeContiguous(start, (ulong)frames);
        Assert.Equal(before, machine.Frames->FreeFrames);
        Assert.Empty(HostedMachine.Errors);
    }

    [Fact]
    public void ContiguousMemoryBeyondTheLargestBlockIsRefused()
    {
        using var machine = HostedMachine.WithMegabytes(32);
        Assert.Equal(0UL, machine.Frames->AllocateContiguous(1025, PageSize.Small, false));
        Assert.Equal(0UL, machine.Frames->AllocateContiguous(1, 8 * Megabyte, false));
        Assert.Equal(0UL, machine.Frames->AllocateContiguous(0, PageSize.Small, false));
    }

    [Fact]
    public void DoubleFreeOfACachedFrameIsReportedAndRefused()
    {
        using var machine = HostedMachine.WithMegabytes(32);
        ulong frame = machine.Frames->Allocate();
        machine.Frames->Free(frame);
        long free = machine.Frames->FreeFrames;
        machine.Frames->Free(frame);
        Assert.Equal((FrameError.DoubleFree, frame), Assert.Single(HostedMachine.Errors));
        Assert.Equal(free, machine.Frames->FreeFrames);
    }

    [Fact]
    public void DoubleFreeOfAMergedFrameIsReportedAndRefused()
    {
        using var machine = HostedMachine.WithMegabytes(32);
        ulong start = machine.Frames->AllocateContiguous(8, PageSize.Small, false);
        machine.Frames->FreeContiguous(start, 8);
        machine.Frames->FreeContiguous(start + (3 * PageSize.Small), 1);
        machine.Frames->Free(start);
        Assert.Equal(2, HostedMachine.Errors.Count);
        Assert.All(HostedMachine.Errors, error => Assert.Equal(FrameError.DoubleFree, error.Error));
    }

    [Theory]
    [InlineData(0x1000)]
    [InlineData(0x2000000)]
    [InlineData(0x40000000)]
    [InlineData(0xffffffffff000)]
    public void FreeingWhatWasNeverTheAllocatorsIsReported(ulong address)
    {
        using var machine = new HostedMachine([new(0, 32 * Megabyte)]);
        machine.Frames->Free(address);
        Assert.Equal((FrameError.NotAllocated, address), Assert.Single(HostedMachine.Errors));
    }

    [Fact]
    public void FreeingAnAddressInsideAFrameIsReported()
    {
        using var machine = HostedMachine.WithMegabytes(32);
        ulong frame = machine.Frames->Allocate();
        machine.Frames->Free(frame + 8);
        Assert.Equal(FrameError.NotAllocated, Assert.Single(HostedMachine.Errors).Error);
    }

    [Fact]
    public void FramesParkedInOtherProcessorsCachesAreFoundBeforeMemoryCountsAsExhausted()
    {
        using var machine = HostedMachine.WithMegabytes(32);
        var frames = new List<ulong>();
        for (ulong frame = machine.Frames->Allocate(); frame != 0; frame = machine.Frames->Allocate())
            frames.Add(frame);
        for (int i = 0; i < 20; i++)
        {
            HostedProcessors.Current = i;
            machine.Frames->Free(frames[i]);
        }

        HostedProcessors.Current = 63;
        for (int i = 0; i < 20; i++)
            Assert.NotEqual(0UL, machine.Frames->Allocate());
        Assert.Equal(0UL, machine.Frames->Allocate());
    }

    [Fact]
    public void MemoryTooSmallForTheAllocatorsStateIsRefused()
    {
        using var machine = new HostedMachine([new(0x10000, 0x12000)]);
        Assert.False(machine.Initialized);
    }

    [Fact]
    public void ZeroedFramesAreZero()
    {
        using var machine = HostedMachine.WithMegabytes(32);
        ulong frame = machine.Frames->Allocate();
        new Span<byte>(NativePhysical.At(frame), 4096).Fill(0xa5);
        machine.Frames->Free(frame);
        Assert.Equal(frame, machine.Frames->AllocateZeroed());
        Assert.Equal(-1, new Span<byte>(NativePhysical.At(frame), 4096).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void RandomUseNeverOverlapsAndGivesEverythingBack()
    {
        var random = Seed.Next(output);
        using var machine = new HostedMachine(
            [new(0, 0x9f000), new(0x100000, 24 * Megabyte), new((4 * Gigabyte) - (2 * Megabyte), (4 * Gigabyte) + (9 * Megabyte))]);
        machine.Frames->AdmitHighMemory();
        long total = machine.Frames->FreeFrames;
        var owned = new SortedDictionary<ulong, ulong>();
        var taken = new HashSet<ulong>();
        for (int step = 0; step < 20_000; step++)
        {
            HostedProcessors.Current = random.Next(4);
            bool allocate = random.Next(100) < (step / 2_000 % 2 == 0 ? 70 : 35);
            if (allocate)
            {
                ulong frames = random.Next(10) == 0 ? (ulong)random.Next(1, 300) : 1;
                bool below = random.Next(4) == 0;
                ulong start = frames == 1 && !below ? machine.Frames->Allocate() : machine.Frames->AllocateContiguous(frames, PageSize.Small << random.Next(5), below);
                if (start == 0)
                    continue;
                Assert.True(!below || start + (frames << 12) <= 4 * Gigabyte);
                for (ulong i = 0; i < frames; i++)
                    Assert.True(taken.Add(start + (i << 12)));
                *(ulong*)NativePhysical.At(start) = start;
                owned.Add(start, frames);
            }
            else if (owned.Count > 0)
            {
                (ulong start, ulong frames) = owned.ElementAt(random.Next(Math.Min(owned.Count, 50)));
                Assert.Equal(start, *(ulong*)NativePhysical.At(start));
                owned.Remove(start);
                for (ulong i = 0; i < frames; i++)
                    taken.Remove(start + (i << 12));
                if (frames == 1)
                    machine.Frames->Free(start);
                else
                    machine.Frames->FreeContiguous(start, frames);
            }

            if (step % 1000 == 0)
                Assert.Equal(total - taken.Count, machine.Frames->FreeFrames);
        }

        foreach ((ulong start, ulong frames) in owned)
            machine.Frames->FreeContiguous(start, frames);
        Assert.Equal(total, machine.Frames->FreeFrames);
        Assert.Empty(HostedMachine.Errors);
    }

    [Fact]
    public void ConcurrentUseNeverHandsAFrameOutTwice()
    {
        using var machine = HostedMachine.WithMegabytes(32);
        long total = machine.Frames->FreeFrames;
        nint frames = (nint)machine.Frames;
        var failures = 0;
        var threads = new Thread[4];
        for (int processor = 0; processor < threads.Length; processor++)
        {
            int me = processor;
            threads[me] = new Thread(() =>
            {
                var allocator = (Machine.Memory.FrameAllocator<Core.Memory.ProcessorMemory, HostedProcessors, NativePhysical>*)frames;
                HostedProcessors.Current = me;
                var random = new Random(me);
                var mine = new List<ulong>();
                for (int step = 0; step < 60_000; step++)
                {
                    if (random.Next(2) == 0 && mine.Count < 3000)
                    {
                        ulong frame = allocator->Allocate();
                        if (frame == 0)
                            continue;
                        *(ulong*)NativePhysical.At(frame) = ((ulong)me << 56) | frame;
                        mine.Add(frame);
                    }
                    else if (mine.Count > 0)
                    {
                        int index = random.Next(mine.Count);
                        ulong frame = mine[index];
                        mine[index] = mine[^1];
                        mine.RemoveAt(mine.Count - 1);
                        if (*(ulong*)NativePhysical.At(frame) != (((ulong)me << 56) | frame))
                            Interlocked.Increment(ref failures);
                        allocator->Free(frame);
                    }
                }

                foreach (ulong frame in mine)
                    allocator->Free(frame);
                if (HostedMachine.Errors.Count > 0)
                    Interlocked.Increment(ref failures);
            });
        }

        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        Assert.Equal(0, failures);
        Assert.Equal(total, machine.Frames->FreeFrames);
    }

    private static bool Overlaps(ulong start, ulong end, MemoryRange range) => start < range.End && end > range.Start;
}
