namespace Troupe.Actors;

/// <summary>A message that knows how much memory it owns beyond its own fields: a batch of frames, a string. It is counted where the message is handled.</summary>
public interface IMeasured
{
    /// <summary>Bytes of what it owns. Cheap to ask for: it is asked once for every message.</summary>
    long OwnedBytes { get; }
}
