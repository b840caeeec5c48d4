using Troupe.Smp.Kernel;

namespace Troupe.Smp.Tests;

public sealed class InterruptsOffTests
{
    [Fact]
    public void ClassesFollowEachOtherAndEndAtMostAQuarterAboveTheirBeginning()
    {
        ulong start = 0;
        for (int index = 0; index < InterruptsOff.Classes; index++)
        {
            ulong end = InterruptsOff.EndOf(index);
            Assert.Equal(index, InterruptsOff.ClassOf(start));
            Assert.Equal(index, InterruptsOff.ClassOf(end - 1));
            Assert.True(end - start <= Math.Max(1, start / 4));
            start = end;
        }

        Assert.Equal(InterruptsOff.Classes - 1, InterruptsOff.ClassOf(ulong.MaxValue));
    }

    [Fact]
    public unsafe void CausesAreApartAndFitInTheRecord()
    {
        Assert.Equal(11, InterruptsOff.CauseOfCall(11));
        Assert.Equal(InterruptsOff.FirstOwnCall + 1, InterruptsOff.CauseOfCall((ulong)HostCall.AllocateDma));
        Assert.Equal(InterruptsOff.OtherSystemCall, InterruptsOff.CauseOfCall(999));
        Assert.Equal(InterruptsOff.OtherSystemCall, InterruptsOff.CauseOfCall(ulong.MaxValue));
        Assert.InRange(InterruptsOff.CauseOfCall((ulong)HostCall.ContributeEntropy), InterruptsOff.FirstOwnCall, InterruptsOff.OtherSystemCall - 1);
        Assert.True(8 + ((InterruptsOff.Classes + InterruptsOff.Causes) * sizeof(long)) <= InterruptsOff.Size);
    }
}
