using System.Security.Cryptography;

namespace Troupe.Apps.Storage;

/// <summary>What can be chosen about a <see cref="LogStore"/>.</summary>
public sealed record LogStoreOptions
{
    /// <summary>Where the number comes from that tells commits of one life of an area from what lay there before. Nobody should be able to guess it, tests excepted.</summary>
    public Func<ulong> Salt { get; init; } = static () => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
}
