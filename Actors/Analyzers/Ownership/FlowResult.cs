namespace Troupe.Actors.Analyzers;

/// <summary>One outcome of an expression: the path after it, and what is known of its value.</summary>
internal readonly struct FlowResult(FlowPath path, FlowValue value)
{
    public FlowPath Path { get; } = path;

    public FlowValue Value { get; } = value;
}
