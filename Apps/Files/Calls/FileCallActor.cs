using Troupe.Actors;

namespace Troupe.Apps.Files;

/// <summary>
/// Between threads that block and the file system: asks for them, as many at a time as there are, and wakes each when its answer has come. So it never waits itself, and flushes of
/// several threads become one commit.
/// </summary>
internal sealed class FileCallActor(ActorRef<FileSystemMessage> files) : Actor<FileCall?>, IRefusesSwap
{
    private readonly HashSet<FileCall> _pending = [];

    string IRefusesSwap.WhyNotSwapped => "it knows which threads wait for the file system, and a new one would never wake them if that stops.";

    protected override void Started() => Context.Watch(files, null);

    protected override ValueTask ReceiveAsync(FileCall? call)
    {
        if (call is null)
        {
            // The file system has stopped: what it was asked and has not answered it never will.
            Fail();
        }
        else
        {
            _ = FollowAsync(call);
        }

        return default;
    }

    protected override void Stopped() => Fail();

    private async Task FollowAsync(FileCall call)
    {
        _pending.Add(call);
        await call.RunAsync(files);
        _pending.Remove(call);
    }

    private void Fail()
    {
        foreach (var call in _pending)
        {
            call.Dispose();
        }

        _pending.Clear();
    }
}
