namespace Troupe.Actors.Benchmarks;

/// <summary>Everybody of this runtime who takes part.</summary>
internal static class Contenders
{
    internal static IReadOnlyDictionary<string, Func<IContender>> Known { get; } = new Dictionary<string, Func<IContender>>
    {
        ["troupe"] = static () => new TroupeContender(),
        ["akka"] = static () => new AkkaContender(),
        ["proto"] = static () => new ProtoContender(),
        ["channels"] = static () => new ChannelContender(),
    };
}
