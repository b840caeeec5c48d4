namespace Troupe.Actors;

/// <summary>A hot swap did not take place: the old behaviour goes on with its state, and no message is lost.</summary>
/// <remarks>An inner exception that was thrown by code of a collectible assembly keeps that assembly loaded for as long as it is referenced.</remarks>
public sealed class HotSwapException : Exception
{
    internal HotSwapException(string path, string why, Exception? innerException = null)
        : base($"{path} was not swapped: {why}", innerException)
    {
        Path = path;
    }

    /// <summary>The path of the actor.</summary>
    public string Path { get; }
}
