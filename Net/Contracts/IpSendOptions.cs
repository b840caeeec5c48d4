namespace Troupe.Net.Contracts;

/// <summary>What a sender may ask of the internet layer; the default value is what most want.</summary>
/// <param name="TrafficClass">Differentiated services and ECN bits (RFC 2474, RFC 3168).</param>
/// <param name="HopLimit">How many hops; 0 for 64 (1 for groups).</param>
/// <param name="MayFragment">Whether what is larger than the path takes is sent in fragments instead of being refused.</param>
/// <param name="Interface">The index of the interface to send by (<see cref="InternetInterface.Index"/>); 0 for the one that has the source or the route.</param>
public readonly record struct IpSendOptions(byte TrafficClass = 0, byte HopLimit = 0, bool MayFragment = false, byte Interface = 0);
