using Troupe.Tools.Testing.Kills;

namespace Troupe.Tools.Tests.Kills;

/// <summary>What a guest whose drivers are killed says on its console.</summary>
public sealed class KillRunTests
{
    private readonly KillRun _run = new();

    [Fact]
    public void AnOutageIsOfItsDeviceAndCountsAsAKill()
    {
        Read("kill: network 5000 200", "kill: disk 3000 100", "kill: disk 4000 300");
        Assert.Equal((3, 1, 2), (_run.Kills, _run.Network.Count, _run.Disk.Count));
        Assert.Equal((5, 4, 0.3), (_run.Network.Most, _run.Disk.Most, _run.DiskUnharmed.Most));
    }

    [Fact]
    public void AnOutageIsReadInTheMiddleOfAnotherLine()
    {
        Read("Policy = Restart, Patkill: network 5000 200");
        Assert.Equal((1, 5), (_run.Kills, _run.Network.Most));
    }

    [Fact]
    public void AFailureOfAPairsActorIsCountedOnceThoughItsDriverFailsWithIt()
    {
        Read("ActorFailure { ActorName = queue pair 1, Exception = System.InvalidOperationException: gone", "   at queue pair 1", "ActorFailure { ActorName = net0, Exception = System.InvalidOperationException: gone");
        Assert.Equal((1, 0), (_run.NetworkQueueKills, _run.DiskQueueKills));
    }

    [Fact]
    public void AFailureOfADisksQueueIsCountedForDisks()
    {
        Read("ActorFailure { ActorName = queue 1, Exception = System.InvalidOperationException: gone", "   at queue 1", "ActorFailure { ActorName = virtio-blk 0:6.0, Exception = System.InvalidOperationException: gone");
        Assert.Equal((0, 1), (_run.NetworkQueueKills, _run.DiskQueueKills));
    }

    [Fact]
    public void AGuestThatMissesNothingIsWholeAndOneThatSaysWhatItMissesIsNot()
    {
        Read("kill: network: 3 resets, held: 1 frames");
        Assert.False(_run.Whole.IsCompleted);
        Assert.Equal(["network: 3 resets, held: 1 frames"], _run.Report);
        Read("kill: whole, until the power goes");
        Assert.True(_run.Whole.IsCompleted);
        Assert.Single(_run.Report);
    }

    private void Read(params string[] lines)
    {
        foreach (var line in lines)
        {
            _run.Read(line);
        }
    }
}
