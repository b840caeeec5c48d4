using System.Runtime.CompilerServices;

namespace Troupe.Verification.Explorer;

/// <summary>
/// A vector clock over the processes of a schedule (threads, then their store buffers): for each process one more than
/// the position of its last step that happens before.
/// </summary>
[InlineArray(Processes)]
internal struct Clock
{
    public const int Processes = 2 * Scenario.MaximumThreads;

    private int _first;

    public void Join(in Clock other)
    {
        for (var i = 0; i < Processes; i++)
        {
            if (other[i] > this[i]) this[i] = other[i];
        }
    }
}
