namespace Troupe.Drivers.Discovery;

/// <summary>To a discovery, which scans once when it starts; it understands nothing else yet.</summary>
public readonly record struct DiscoveryMessage;
