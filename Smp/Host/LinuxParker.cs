using Troupe.Actors;
using ParkingWord = Troupe.Smp.Host.ParkingWord<Troupe.Core.Memory.ProcessorMemory, Troupe.Smp.Host.LinuxFutex>;

namespace Troupe.Smp.Host;

/// <summary>Parks on a word of its own.</summary>
internal sealed class LinuxParker : IParker
{
    private int _word;

    /// <inheritdoc/>
    public void Park(TimeSpan timeout)
    {
        if (!ParkingWord.TryTake(ref _word))
        {
            ParkingWord.Sleep(ref _word, timeout);
        }
    }

    /// <inheritdoc/>
    public void Unpark() => ParkingWord.Unpark(ref _word);
}
