using Troupe.Core.Machine;
using Owner = Troupe.Core.Machine.PanicOwner<Troupe.Core.Memory.ProcessorMemory>;

namespace Troupe.Core.Tests;

/// <summary>Several processors panic at once: one tells its cause, and is not cut short.</summary>
public sealed class PanicOwnerTests
{
    [Fact]
    public void TheFirstHasTheWordAndKeepsIt()
    {
        int owner = 0;
        Assert.False(Owner.IsAnothers(ref owner, 0));
        Assert.Equal(PanicStanding.First, Owner.Claim(ref owner, 0));
        Assert.Equal(PanicStanding.Other, Owner.Claim(ref owner, 3));
        Assert.Equal(PanicStanding.Nested, Owner.Claim(ref owner, 0));
        Assert.True(Owner.IsAnothers(ref owner, 3));
        Assert.False(Owner.IsAnothers(ref owner, 0));
    }

    [Fact]
    public void OfManyAtOnceOneIsFirst()
    {
        const int Processors = 8;
        for (int round = 0; round < 200; round++)
        {
            int owner = 0;
            var standings = new PanicStanding[Processors];
            using var start = new Barrier(Processors);
            Thread[] threads = [.. Enumerable.Range(0, Processors).Select(processor => new Thread(() =>
            {
                start.SignalAndWait();
                standings[processor] = Owner.Claim(ref owner, processor);
            }))];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
            Assert.Single(standings, PanicStanding.First);
            Assert.Equal(Processors - 1, standings.Count(standing => standing == PanicStanding.Other));
        }
    }
}
