using System.Runtime.InteropServices;
using Troupe.Actors;

namespace Troupe.Planted;

// One violation of each rule of docs/analyzers.md. Each line marked as refused must be, with the rule that follows the mark.
[Owned]
internal readonly struct Buffer : IDisposable
{
    public void Dispose()
    {
    }
}

internal sealed record Message(List<int> Numbers);

[SendableByContract("")] // refused: TRP0002
internal sealed class Vouched;

internal sealed class Behaviour : Actor<Message> // refused: TRP0001
{
    private static int _shared;
    private int _count;

    protected override async ValueTask ReceiveAsync(Message message)
    {
        _shared++; // refused: TRP0009
        lock (message) // refused: TRP0008
        {
            _count++;
        }

        await Task.Run(() => _count++); // refused: TRP0010
        await Task.Yield();
        await Task.CompletedTask.ConfigureAwait(false); // refused: TRP0011
        Marshal.FreeHGlobal(0); // refused: TRP0012
    }

    internal static void Twice(Buffer buffer)
    {
        buffer.Dispose();
        buffer.Dispose(); // refused: TRP0003
    }

    internal static void Never(Buffer buffer) // refused: TRP0004
    {
    }

    internal static IDisposable Hide(Buffer buffer) => buffer; // refused: TRP0005

    internal static Action Later(Buffer buffer) => () => buffer.Dispose(); // refused: TRP0006

    internal static bool TryKeep([MovesWhen(true)] Buffer buffer)
    {
        buffer.Dispose(); // refused: TRP0007
        return false;
    }
}

internal enum DoorState
{
    Open,
    Closed,
    Locked,
}

internal enum DoorStep
{
    Shut,
    Push,
    Lock,
}

internal static class Door
{
    private static readonly Contract<DoorState, DoorStep> _contract = new Contract<DoorState, DoorStep>("door", DoorState.Open)
        .Party("guest", DoorStep.Shut, DoorStep.Push)
        .Party("keeper", DoorStep.Lock) // refused: TRP0014
        .Permit(DoorState.Open, DoorStep.Shut, DoorState.Closed)
        .Permit(DoorState.Closed, DoorStep.Push, DoorState.Open);

    internal static void PushOpen()
    {
        object door = new();
        _contract.Observe(door, DoorStep.Push); // refused: TRP0013
    }
}
