//! What the convolutional layers of each kind declare and compute, whatever the number of axes.

/// A layer that convolves, in groups.
macro_rules! convolved {
    ($layer:ident) => {
        impl crate::layers::Layer for $layer {
            crate::layers::layer_info!();

            fn build(
                &self,
                cx: &mut crate::layers::BuildCx<'_>,
                inputs: &[ceras_graph::TensorType],
            ) -> crate::error::Result<()> {
                let channels = self.checked(inputs)?;
                crate::layers::convolutional::common::check_groups(self.groups, channels, self.filters)?;
                let mut dims = self.kernel_size.0.to_vec();
                dims.extend([channels / self.groups, self.filters]);
                let kernel = crate::layers::convolutional::common::Declared {
                    name: "kernel",
                    dims,
                    initializer: &self.kernel_initializer,
                    regularizer: &self.kernel_regularizer,
                    constraint: &self.kernel_constraint,
                };
                kernel.declare(cx, self.dtype.dtype());
                self.declare_bias(cx, self.filters);
                Ok(())
            }

            fn call(
                &self,
                cx: &mut crate::layers::CallCx<'_>,
                inputs: &[crate::layers::Traced],
            ) -> crate::error::Result<Vec<crate::layers::Traced>> {
                let x = self.image(cx, inputs)?;
                let kernel = cx.weight("kernel")?;
                let y = self.moves().convolve(cx.graph(), x, kernel, self.groups)?;
                Ok(vec![self.after().apply(cx, y)?.into()])
            }
        }
    };
}
pub(super) use convolved;

/// A layer that does the transpose of a convolution.
macro_rules! transposed {
    ($layer:ident) => {
        impl crate::layers::Layer for $layer {
            crate::layers::layer_info!();

            fn build(
                &self,
                cx: &mut crate::layers::BuildCx<'_>,
                inputs: &[ceras_graph::TensorType],
            ) -> crate::error::Result<()> {
                let channels = self.checked(inputs)?;
                crate::layers::convolutional::common::check_groups(1, channels, self.filters)?;
                crate::layers::convolutional::transposed::check(
                    &self.moves(),
                    self.output_padding.as_ref().map(|sizes| &sizes.0[..]),
                )?;
                let mut dims = self.kernel_size.0.to_vec();
                dims.extend([self.filters, channels]);
                let kernel = crate::layers::convolutional::common::Declared {
                    name: "kernel",
                    dims,
                    initializer: &self.kernel_initializer,
                    regularizer: &self.kernel_regularizer,
                    constraint: &self.kernel_constraint,
                };
                kernel.declare(cx, self.dtype.dtype());
                self.declare_bias(cx, self.filters);
                Ok(())
            }

            fn call(
                &self,
                cx: &mut crate::layers::CallCx<'_>,
                inputs: &[crate::layers::Traced],
            ) -> crate::error::Result<Vec<crate::layers::Traced>> {
                let x = self.image(cx, inputs)?;
                let kernel = cx.weight("kernel")?;
                let output_padding = self.output_padding.as_ref().map(|sizes| &sizes.0[..]);
                let y = crate::layers::convolutional::transposed::convolve(
                    &self.moves(),
                    output_padding,
                    cx.graph(),
                    x,
                    kernel,
                )?;
                Ok(vec![self.after().apply(cx, y)?.into()])
            }
        }
    };
}
pub(super) use transposed;

/// A layer that convolves each channel by itself.
macro_rules! depthwise {
    ($layer:ident) => {
        impl $layer {
            /// Results for each channel: 1 by default.
            #[must_use]
            pub fn depth_multiplier(mut self, multiplier: usize) -> $layer {
                self.depth_multiplier = multiplier;
                self
            }
        }

        impl crate::layers::Layer for $layer {
            crate::layers::layer_info!();

            fn build(
                &self,
                cx: &mut crate::layers::BuildCx<'_>,
                inputs: &[ceras_graph::TensorType],
            ) -> crate::error::Result<()> {
                let channels = self.checked(inputs)?;
                let features =
                    crate::layers::convolutional::common::multiplied(channels, self.depth_multiplier)?;
                let mut dims = self.kernel_size.0.to_vec();
                dims.extend([channels, self.depth_multiplier]);
                let kernel = crate::layers::convolutional::common::Declared {
                    name: "kernel",
                    dims,
                    initializer: &self.depthwise_initializer,
                    regularizer: &self.depthwise_regularizer,
                    constraint: &self.depthwise_constraint,
                };
                kernel.declare(cx, self.dtype.dtype());
                self.declare_bias(cx, features);
                Ok(())
            }

            fn call(
                &self,
                cx: &mut crate::layers::CallCx<'_>,
                inputs: &[crate::layers::Traced],
            ) -> crate::error::Result<Vec<crate::layers::Traced>> {
                let x = self.image(cx, inputs)?;
                let channels = cx.shape(x).last().unwrap_or(1);
                let kernel = cx.weight("kernel")?;
                let kernel = crate::layers::convolutional::common::grouped(cx.graph(), kernel)?;
                let y = self.moves().convolve(cx.graph(), x, kernel, channels)?;
                Ok(vec![self.after().apply(cx, y)?.into()])
            }
        }
    };
}
pub(super) use depthwise;

/// A layer that convolves each channel by itself and then mixes them.
macro_rules! separable {
    ($layer:ident, $axes:literal) => {
        impl $layer {
            /// Results of the first convolution for each channel: 1 by default.
            #[must_use]
            pub fn depth_multiplier(mut self, multiplier: usize) -> $layer {
                self.depth_multiplier = multiplier;
                self
            }
        }

        impl crate::layers::Layer for $layer {
            crate::layers::layer_info!();

            fn build(
                &self,
                cx: &mut crate::layers::BuildCx<'_>,
                inputs: &[ceras_graph::TensorType],
            ) -> crate::error::Result<()> {
                let channels = self.checked(inputs)?;
                let middle =
                    crate::layers::convolutional::common::multiplied(channels, self.depth_multiplier)?;
                crate::layers::convolutional::common::check_groups(1, channels, self.filters)?;
                let mut dims = self.kernel_size.0.to_vec();
                dims.extend([channels, self.depth_multiplier]);
                let depthwise = crate::layers::convolutional::common::Declared {
                    name: "depthwise_kernel",
                    dims,
                    initializer: &self.depthwise_initializer,
                    regularizer: &self.depthwise_regularizer,
                    constraint: &self.depthwise_constraint,
                };
                depthwise.declare(cx, self.dtype.dtype());
                let mut dims = vec![1; $axes];
                dims.extend([middle, self.filters]);
                let pointwise = crate::layers::convolutional::common::Declared {
                    name: "pointwise_kernel",
                    dims,
                    initializer: &self.pointwise_initializer,
                    regularizer: &self.pointwise_regularizer,
                    constraint: &self.pointwise_constraint,
                };
                pointwise.declare(cx, self.dtype.dtype());
                self.declare_bias(cx, self.filters);
                Ok(())
            }

            fn call(
                &self,
                cx: &mut crate::layers::CallCx<'_>,
                inputs: &[crate::layers::Traced],
            ) -> crate::error::Result<Vec<crate::layers::Traced>> {
                let x = self.image(cx, inputs)?;
                let channels = cx.shape(x).last().unwrap_or(1);
                let depthwise = cx.weight("depthwise_kernel")?;
                let depthwise = crate::layers::convolutional::common::grouped(cx.graph(), depthwise)?;
                let y = self.moves().convolve(cx.graph(), x, depthwise, channels)?;
                let pointwise = cx.weight("pointwise_kernel")?;
                let ones = [1; $axes];
                let still = crate::layers::convolutional::common::Moves {
                    kernel_size: &ones,
                    strides: &ones,
                    dilation_rate: &ones,
                    padding: crate::layers::spatial::Padding::Valid,
                    ..self.moves()
                };
                let y = still.convolve(cx.graph(), y, pointwise, 1)?;
                Ok(vec![self.after().apply(cx, y)?.into()])
            }
        }
    };
}
pub(super) use separable;
