namespace Troupe.Drivers.Contracts;

/// <summary>What a console driver counted.</summary>
/// <param name="BytesRead">Input handed to the client.</param>
/// <param name="BytesWritten">Output given to the device.</param>
/// <param name="InputDropped">Input that came when there was no client.</param>
/// <param name="InputLost">Overruns, parity and framing errors the driver saw: at least as many bytes are wrong or missing.</param>
/// <param name="OutputDropped">Output that did not fit into the driver's queue.</param>
public sealed record ConsoleStatistics(long BytesRead, long BytesWritten, long InputDropped, long InputLost, long OutputDropped);
